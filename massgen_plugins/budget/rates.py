"""Unit prices of a model, and the cost computed from them: one formula for all sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from massgen_plugins.budget.usage import Tokens
from massgen_plugins.profiles.names import best_match

__all__ = ["Part", "Rates", "cost_of", "own_rates", "parts_of"]

Part: TypeAlias = tuple[str, int, Decimal]
"""One component of a cost: kind, number of tokens (or uses), US dollars per million."""


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per million tokens; None: the price of the more general kind.

    Attributes:
        input: All other input.
        output: All other output.
        cached: Input read from the cache.
        cache_write: Input written to the cache.
        cache_write_1h: Input written to the cache for one hour.
        reasoning: Reasoning tokens.
        audio_input: Audio input.
        cached_audio: Audio input read from the cache.
        audio_output: Audio output.
        image_output: Image output.
        search: Per million web searches.
        request: Per million calls.
        source: Origin of the prices.
        dated: Date of the prices, YYYY-MM-DD; "" if unknown.
    """

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    reasoning: Decimal | None = None
    audio_input: Decimal | None = None
    cached_audio: Decimal | None = None
    audio_output: Decimal | None = None
    image_output: Decimal | None = None
    search: Decimal | None = None
    request: Decimal | None = None
    source: str = ""
    dated: str = ""

    @property
    def dearest_input(self) -> Decimal:
        """The highest price of a token of text input; one-hour cache writes only happen on request."""
        return max(self.input, self.cached or self.input, self.cache_write or self.input)


def parts_of(tokens: Tokens, rates: Rates) -> tuple[Part, ...]:
    """The components of a call's cost, without those that are zero."""
    return tuple(part for part in (*_input(tokens, rates), *_output(tokens, rates)) if part[1])


def cost_of(parts: tuple[Part, ...]) -> Decimal:
    """Exact cost in micro-dollars: dollars per million equal micro-dollars per token."""
    return sum((count * rate for _, count, rate in parts), Decimal(0))


def _input(tokens: Tokens, rates: Rates) -> Iterator[Part]:
    cached, written, hour = tokens.cached, tokens.cache_write, tokens.cache_write_1h
    fresh = tokens.input - cached - written
    if rates.audio_input is not None:
        audio = min(fresh, tokens.audio_input - tokens.cached_audio)
        yield "audio input", audio, rates.audio_input
        fresh -= audio
    if rates.cached_audio is not None:
        yield "cached audio", tokens.cached_audio, rates.cached_audio
        cached -= tokens.cached_audio
    write = rates.input if rates.cache_write is None else rates.cache_write
    if rates.cache_write_1h is not None:
        yield "written to the cache for an hour", hour, rates.cache_write_1h
        written -= hour
    yield "input", fresh, rates.input
    yield "cached input", cached, rates.input if rates.cached is None else rates.cached
    yield "written to the cache", written, write
    if rates.request is not None:
        yield "calls", 1, rates.request


def _output(tokens: Tokens, rates: Rates) -> Iterator[Part]:
    rest = tokens.output
    kinds = (
        ("audio output", tokens.audio_output, rates.audio_output),
        ("pictures", tokens.image_output, rates.image_output),
        ("reasoning", tokens.reasoning, rates.reasoning),
    )
    for name, count, rate in kinds:
        if rate is not None:
            counted = min(rest, count)
            yield name, counted, rate
            rest -= counted
    yield "output", rest, rates.output
    if rates.search is not None:
        yield "web searches", tokens.searches, rates.search


def own_rates(block: Mapping[str, Any], provider: str, model: str, tokens_in: int) -> Rates | None:
    """The user's own prices, from the profile in use.

    Args:
        block: The ``rate_limit:`` settings.
        provider: The provider's name.
        model: The resolved model.
        tokens_in: Input tokens; beyond its threshold, ``above`` applies to the whole request.
    """
    name = block.get("profile", {}).get(provider)
    for document in block.get("define", ()):
        fields = document["profiles"].get(name) if document.get("provider") == provider else None
        if not fields or not fields.get("prices"):
            continue
        found = best_match(fields["prices"], model, document.get("aliases", {}))
        if found:
            return _stated(fields["prices"][found], tokens_in, f"profile {name}", fields.get("date", ""))
    return None


def _stated(prices: Mapping[str, Any], tokens_in: int, source: str, dated: str) -> Rates:
    above = prices.get("above") or {}
    chosen = {**prices, **above} if above and tokens_in > above["tokens"] else prices
    names = ("input", "output", "cached", "cache_write")
    values = {name: Decimal(str(chosen[name])) for name in names if chosen.get(name) is not None}
    return Rates(**{"output": Decimal(0), **values}, source=source, dated=dated)
