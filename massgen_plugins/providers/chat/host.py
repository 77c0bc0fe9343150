"""The description of a host of the chat family."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from massgen_plugins.providers.announce import HeaderSet
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.rules import RuleBook

__all__ = ["EXPECTED_OUTPUT", "ChargeRule", "Host", "TotalRule"]

EXPECTED_OUTPUT = 500
"""Initial forecast of a call's output tokens; the limiter corrects it by observed usage."""


class TotalRule(StrEnum):
    """How a provider charges tokens before it answers."""

    INPUT_PLUS_BOUND = "input plus bound"
    """The estimated input plus the request's limit on output."""
    LARGER = "larger"
    """The larger of the request's limit on output and a quarter of its characters."""


@dataclass(frozen=True, slots=True)
class ChargeRule:
    """How to compute the charge of total tokens.

    Attributes:
        total: The formula.
        kept: Whether the provider does not refund the unused part of a charge.
        assumed_output: The limit on output that the provider assumes if none is sent; 0: book a forecast.
        keeps_assumed: Whether it does not refund the unused part of an assumed limit either.
        cached_free: Whether cached input does not count.
        uncached: Whether there is a separate limit on uncached input.
    """

    total: TotalRule = TotalRule.INPUT_PLUS_BOUND
    kept: bool = False
    assumed_output: int = 0
    keeps_assumed: bool = False
    cached_free: bool = False
    uncached: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """A provider that speaks OpenAI's protocols.

    Attributes:
        name: The provider's name.
        book: Rules for its errors.
        hosts: Its host names; with a leading dot, all hosts of that domain.
        backends: MassGen backend types that use it, unless their base URL belongs to another provider.
        url_backends: Backend types that use it only if a base URL is set.
        default_of: Backend types that use it if no base URL is set.
        charge: How it charges a call in advance.
        announced: Headers in which it announces limits.
        suffix_pools: Suffixes of model names, and the additional pool that such models share.
        endpoint_always: Whether every host is a separate endpoint (a deployment, a local server).
        reports_cost: Whether usage includes the price, as ``cost`` in US dollars or ``cost_in_usd_ticks``.
        version_tail: Whether dated names share a model's quota: ``gpt-4o-2024-08-06`` and ``gpt-4o``.
    """

    name: str
    book: RuleBook
    hosts: tuple[str, ...] = ()
    backends: frozenset[str] = frozenset()
    url_backends: frozenset[str] = frozenset()
    default_of: frozenset[str] = frozenset()
    charge: ChargeRule = ChargeRule()
    announced: tuple[HeaderSet, ...] = ()
    suffix_pools: tuple[tuple[str, str], ...] = ()
    endpoint_always: bool = False
    reports_cost: bool = False
    version_tail: bool = False
    _domains: tuple[str, ...] = field(init=False, default=(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_domains", tuple(host for host in self.hosts if host.startswith(".")))

    @property
    def conventions(self) -> Conventions:
        """How the provider counts."""
        return self.book.conventions

    def owns(self, host: str) -> bool:
        """Whether a host name, in lower case and without port, belongs to it."""
        return host in self.hosts or host.endswith(self._domains)
