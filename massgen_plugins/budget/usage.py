"""Converts each provider's usage report to the kinds of tokens that are priced differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from massgen_plugins.quota import Amounts, Kind

__all__ = ["Tokens", "tokens_of"]

_ANTHROPIC = "anthropic"


@dataclass(frozen=True, slots=True)
class Tokens:
    """A call's usage by kind.

    Attributes:
        input: All input, cache reads and writes included.
        output: All output, reasoning included.
        cached: Input read from the provider's cache.
        cache_write: Input written to the cache.
        reasoning: Reasoning tokens.
        audio_input: Audio input, ``cached_audio`` included.
        audio_output: Audio output.
        cache_write_1h: The part of ``cache_write`` that is kept for one hour.
        cached_audio: The part of ``cached`` that is audio.
        image_output: Image output.
        searches: Web searches made by the provider.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0
    cache_write_1h: int = 0
    cached_audio: int = 0
    image_output: int = 0
    searches: int = 0


def tokens_of(provider: str, amounts: Amounts, raw: Mapping[str, int]) -> Tokens | None:
    """Convert a provider's usage report; None if it reported nothing.

    Args:
        provider: Its name. Only Anthropic's ``input_tokens`` exclude cached input.
        amounts: By kind, as the provider's limits count them.
        raw: The provider's breakdown under its own names.
    """
    if not amounts:
        return None
    if raw.get("promptTokenCount"):
        return _gemini(amounts, raw)
    if provider == _ANTHROPIC and "prompt_tokens" not in raw:
        return _messages(raw)
    return _chat(amounts, raw)


def _gemini(amounts: Amounts, raw: Mapping[str, int]) -> Tokens:
    """Thoughts are billed as output, tool use as input."""
    tokens_in = amounts.get(Kind.INPUT_TOKENS, 0)
    cached = min(tokens_in, raw.get("cachedContentTokenCount", 0))
    audio = min(tokens_in, raw.get("promptTokensDetails.AUDIO", 0))
    return Tokens(
        input=tokens_in,
        output=amounts.get(Kind.OUTPUT_TOKENS, 0),
        cached=cached,
        reasoning=raw.get("thoughtsTokenCount", 0),
        audio_input=audio,
        audio_output=raw.get("candidatesTokensDetails.AUDIO", 0),
        cached_audio=min(cached, audio, raw.get("cacheTokensDetails.AUDIO", 0)),
        image_output=raw.get("candidatesTokensDetails.IMAGE", 0),
    )


def _messages(raw: Mapping[str, int]) -> Tokens:
    cached = raw.get("cache_read_input_tokens", 0)
    written = raw.get("cache_creation_input_tokens", 0)
    return Tokens(
        input=raw.get("input_tokens", 0) + cached + written,
        output=raw.get("output_tokens", 0),
        cached=cached,
        cache_write=written,
        cache_write_1h=min(written, raw.get("ephemeral_1h_input_tokens", 0)),
        searches=raw.get("web_search_requests", 0),
    )


def _chat(amounts: Amounts, raw: Mapping[str, int]) -> Tokens:
    """OpenAI's protocols; xAI's output count excludes reasoning, the amounts include it."""
    tokens_in = raw.get("prompt_tokens") or raw.get("input_tokens") or amounts.get(Kind.INPUT_TOKENS, 0)
    cached = min(tokens_in, max(raw.get("cached_tokens", 0), raw.get("prompt_cache_hit_tokens", 0)))
    written = raw.get("cache_write_tokens", raw.get("cache_creation_input_tokens", 0))
    audio_out = raw.get(
        "completion_tokens_details.audio_tokens", raw.get("output_tokens_details.audio_tokens", 0)
    )
    return Tokens(
        input=tokens_in,
        output=amounts.get(Kind.OUTPUT_TOKENS, 0),
        cached=cached,
        cache_write=min(tokens_in - cached, written),
        reasoning=raw.get("reasoning_tokens", raw.get("thoughtsTokenCount", 0)),
        audio_input=min(tokens_in, raw.get("audio_tokens", 0)),
        audio_output=audio_out,
    )
