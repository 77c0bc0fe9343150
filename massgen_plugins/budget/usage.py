"""What a call took, by kinds that are priced differently, out of each provider's own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from massgen_plugins.quota import Amounts, Kind

__all__ = ["Tokens", "tokens_of"]

_ANTHROPIC = "anthropic"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a call took, by kind.

    Attributes:
        input: All of the input: what was read from the cache, and what was written to it, included.
        output: All of the output, reasoning included.
        cached: Input that was read from the provider's cache.
        cache_write: Input that was written to it.
        reasoning: Output that nobody sees.
        audio_input: Input that is sound, ``cached_audio`` included.
        audio_output: Output that is sound.
        cache_write_1h: Of ``cache_write``, what is kept for an hour.
        cached_audio: Of ``cached``, what is sound.
        image_output: Output that is pictures.
        searches: Web searches that the provider made.
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
    """What a provider's report says; None if it reported nothing.

    Args:
        provider: Its name; Anthropic's ``input_tokens`` leave out what is cached, those of others do not.
        amounts: By kind, as its limits count them.
        raw: Its own breakdown, by its own names.
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
    """OpenAI's protocols; xAI leaves reasoning out of its count of output, the amounts do not."""
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
