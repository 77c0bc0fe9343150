"""One host of the chat family, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from massgen_plugins.providers.announce import HeaderSet
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.rules import RuleBook

__all__ = ["EXPECTED_OUTPUT", "ChargeRule", "Host", "TotalRule"]

EXPECTED_OUTPUT = 500
"""Output tokens forecast of a call; the limiter corrects it by what it sees."""


class TotalRule(StrEnum):
    """How a provider charges the tokens of a call that it has not answered yet."""

    INPUT_PLUS_BOUND = "input plus bound"
    """The estimated input and the bound on the output that was sent."""
    LARGER = "larger"
    """The larger of the bound on the output and a quarter of the request's characters."""


@dataclass(frozen=True, slots=True)
class ChargeRule:
    """What a call books of total tokens.

    Attributes:
        total: The formula.
        kept: Whether the provider keeps a charge that was larger than the use.
        assumed_output: The bound that the provider assumes where none is sent; 0: none, a forecast is booked.
        keeps_assumed: Whether it keeps an assumed bound, too; else it gives that back when the call ends.
        cached_free: Whether cached input does not count.
        uncached: Whether it limits uncached input, too.
    """

    total: TotalRule = TotalRule.INPUT_PLUS_BOUND
    kept: bool = False
    assumed_output: int = 0
    keeps_assumed: bool = False
    cached_free: bool = False
    uncached: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """A provider that speaks OpenAI's protocols, and what is its own about it.

    Attributes:
        name: The provider's name.
        book: What its errors mean.
        hosts: Its own hosts, and, with a dot before them, domains of which every host is its own.
        backends: MassGen's backend types whose agents it has, unless their base URL is another's.
        url_backends: Types whose agents it has only where a base URL is set.
        default_of: Backend types that go to it where no base URL is set.
        charge: What it charges before a call.
        announced: The headers in which it announces limits.
        suffix_pools: Endings of model names, and the pool that all models with such a name book in, too.
        endpoint_always: Whether every host of it is an endpoint of its own (a deployment, a local server).
        reports_cost: Whether usage has the call's price in US dollars, as ``cost``.
        version_tail: Whether dated names of a model share its quota: ``gpt-4o-2024-08-06`` and ``gpt-4o``.
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
        """How it counts."""
        return self.book.conventions

    def owns(self, host: str) -> bool:
        """Whether a host name, in lower case and without a port, is its own."""
        return host in self.hosts or host.endswith(self._domains)
