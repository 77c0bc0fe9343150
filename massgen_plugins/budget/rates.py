"""Unit prices of one model, and the cost that follows from them: one formula for all sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from massgen_plugins.budget.usage import Tokens
from massgen_plugins.profiles.names import best_match

__all__ = ["Part", "Rates", "cost_of", "own_rates", "parts_of"]

Part: TypeAlias = tuple[str, int, Decimal]
"""One factor of a cost: what for, how many tokens (or uses), US dollars for a million of them."""


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for a million tokens; None: as the kind that it is part of.

    Attributes:
        input: Input that nothing else is said of.
        output: Output that nothing else is said of.
        cached: Input that was read from the cache.
        cache_write: Input that was written to it.
        cache_write_1h: Input that was written to it for an hour.
        reasoning: Output that nobody sees.
        audio_input: Input that is sound.
        cached_audio: Input that is sound and was read from the cache.
        audio_output: Output that is sound.
        image_output: Output that is pictures.
        search: For a million web searches.
        request: For a million calls.
        source: Whose prices these are.
        dated: When they were seen, YYYY-MM-DD; "" if that is not known.
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
        """The most that a token of text can cost that is sent; none is written for an hour unasked."""
        return max(self.input, self.cached or self.input, self.cache_write or self.input)


def parts_of(tokens: Tokens, rates: Rates) -> tuple[Part, ...]:
    """The factors of a call's cost, those that are nothing left out."""
    return tuple(part for part in (*_input(tokens, rates), *_output(tokens, rates)) if part[1])


def cost_of(parts: tuple[Part, ...]) -> Decimal:
    """Micro-dollars, exact: dollars for a million are micro-dollars for one."""
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
    """The user's own prices: those that the profile in use states.

    Args:
        block: The ``rate_limit:`` block that holds.
        provider: Its name.
        model: The resolved model.
        tokens_in: How much is sent: ``above`` holds for the whole request once that is passed.
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
