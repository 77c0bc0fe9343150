"""Headers that announce limits and retry delays, in each host's names and encodings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from massgen_plugins.sandbox.config import Host, QuotaKind, RetryAfter, WindowShape
from massgen_plugins.sandbox.encodings import decimal_seconds, go_duration, http_date, rfc3339, whole_seconds
from massgen_plugins.sandbox.rulings import Standing

__all__ = ["announced", "retry_headers"]

Headers = dict[str, str]
Writer = Callable[[Sequence[Standing], int], Headers]
_REQUESTS = (QuotaKind.REQUESTS,)
_TOKENS = (QuotaKind.TOTAL_TOKENS, QuotaKind.INPUT_TOKENS)


def announced(host: Host, standings: Sequence[Standing], unix: int) -> Headers:
    """Headers about the limits at ``unix`` (nanoseconds); empty for some hosts."""
    timed = [each for each in standings if each.shape is not WindowShape.HELD and each.limit]
    return _WRITERS[host](timed, unix) if host in _WRITERS else {}


def retry_headers(host: Host, how: RetryAfter, wait: int | None, unix: int) -> Headers:
    """Headers for a retry delay of ``wait`` nanoseconds; none if ``wait`` is ``None``."""
    if wait is None or how is RetryAfter.NONE:
        return {}
    milliseconds = {"retry-after-ms": str(-(-wait // 1_000_000))}
    seconds = {"retry-after": str(whole_seconds(wait))}
    match how:
        case RetryAfter.SECONDS:
            return seconds
        case RetryAfter.MILLISECONDS:
            return milliseconds
        case RetryAfter.DATE:
            return {"retry-after": http_date(unix + wait)}
    return {**seconds, **milliseconds} if host in (Host.OPENAI, Host.AZURE) else seconds


def _tightest(standings: Iterable[Standing], kinds: Sequence[QuotaKind]) -> Standing | None:
    """The shortest window of these kinds; among equals, the one with the least left."""
    found = [each for each in standings if each.kind in kinds]
    return min(found, key=lambda each: (each.window, each.remaining), default=None)


def _left(standing: Standing) -> str:
    return str(max(0, standing.remaining))


def _triple(name: str, standing: Standing | None, reset: Callable[[int], str]) -> Headers:
    if standing is None:
        return {}
    return {
        f"x-ratelimit-limit-{name}": str(standing.limit),
        f"x-ratelimit-remaining-{name}": _left(standing),
        f"x-ratelimit-reset-{name}": reset(standing.reset),
    }


def _openai(standings: Sequence[Standing], _: int) -> Headers:
    requests = _triple("requests", _tightest(standings, _REQUESTS), _to_millisecond)
    return requests | _triple("tokens", _tightest(standings, _TOKENS), _to_millisecond)


def _azure(standings: Sequence[Standing], _: int) -> Headers:
    """Requests are per enforced part of a minute (field, 2024 and 2025); the remainder may be negative."""
    headers: Headers = {}
    for name, kinds in (("requests", _REQUESTS), ("tokens", _TOKENS)):
        found = _tightest(standings, kinds)
        if found is None:
            continue
        headers[f"x-ratelimit-limit-{name}"] = str(found.limit)
        headers[f"x-ratelimit-remaining-{name}"] = str(found.remaining)
        headers[f"x-ratelimit-reset-{name}"] = str(whole_seconds(found.reset))
    return headers


def _groq(standings: Sequence[Standing], _: int) -> Headers:
    """Requests are per day, tokens per minute; there is no header for tokens per day."""
    days = [each for each in standings if each.daily]
    minutes = [each for each in standings if not each.daily]
    requests = _triple("requests", _tightest(days, _REQUESTS), _to_millisecond)
    return requests | _triple("tokens", _tightest(minutes, _TOKENS), _to_millisecond)


def _cerebras(standings: Sequence[Standing], _: int) -> Headers:
    headers: Headers = {}
    for each in standings:
        name = "requests" if each.kind is QuotaKind.REQUESTS else "tokens"
        headers |= _triple(f"{name}-{_period(each)}", each, decimal_seconds)
    return headers


def _mistral(standings: Sequence[Standing], _: int) -> Headers:
    headers: Headers = {}
    for name, kinds in (("req", _REQUESTS), ("tokens", _TOKENS)):
        found = _tightest(standings, kinds)
        if found is not None:
            headers[f"x-ratelimit-limit-{name}-{_period(found)}"] = str(found.limit)
            headers[f"x-ratelimit-remaining-{name}-{_period(found)}"] = _left(found)
            if name == "tokens":
                headers["x-ratelimit-tokens-query-cost"] = str(found.requested)
    return headers


def _together(standings: Sequence[Standing], _: int) -> Headers:
    """Rates per second, even for limits per minute; the reset has a fraction."""
    headers: Headers = {}
    for name, kinds in (("x-ratelimit", _REQUESTS), ("x-tokenlimit", _TOKENS)):
        found = _tightest(standings, kinds)
        if found is not None:
            headers[f"{name}-limit"] = f"{found.limit / found.window:g}"
            headers[f"{name}-remaining"] = f"{max(0, found.remaining) / found.window:g}"
            headers["x-ratelimit-reset"] = decimal_seconds(found.reset)
    return headers


def _fireworks(standings: Sequence[Standing], _: int) -> Headers:
    """Tokens per second."""
    headers: Headers = {}
    for name, kind in (("prompt", QuotaKind.INPUT_TOKENS), ("generated", QuotaKind.OUTPUT_TOKENS)):
        found = _tightest(standings, (kind,))
        if found is not None:
            headers[f"x-ratelimit-limit-tokens-{name}"] = f"{found.limit / found.window:g}"
            left = max(0, found.remaining) / found.window
            headers[f"x-ratelimit-remaining-tokens-{name}"] = f"{left:g}"
            if found.remaining < 0:
                headers["x-ratelimit-over-limit"] = "yes"
    return headers


def _poe(standings: Sequence[Standing], _: int) -> Headers:
    return _triple("requests", _tightest(standings, _REQUESTS), lambda wait: str(whole_seconds(wait)))


def _anthropic(standings: Sequence[Standing], unix: int) -> Headers:
    """Remaining tokens are rounded to thousands; the reset is the time at which all is available."""
    headers: Headers = {}
    kinds = {
        "requests": _REQUESTS,
        "input-tokens": (QuotaKind.INPUT_TOKENS,),
        "output-tokens": (QuotaKind.OUTPUT_TOKENS,),
        "tokens": (QuotaKind.INPUT_TOKENS, QuotaKind.OUTPUT_TOKENS, QuotaKind.TOTAL_TOKENS),
    }
    for name, wanted in kinds.items():
        found = _tightest(standings, wanted)
        if found is None:
            continue
        left = max(0, found.remaining)
        remaining = left if name == "requests" else round(left, -3)
        headers[f"anthropic-ratelimit-{name}-limit"] = str(found.limit)
        headers[f"anthropic-ratelimit-{name}-remaining"] = str(remaining)
        headers[f"anthropic-ratelimit-{name}-reset"] = rfc3339(unix + found.reset)
    return headers


def _to_millisecond(wait: int) -> str:
    return go_duration(-(-wait // 1_000_000) * 1_000_000)


def _period(standing: Standing) -> str:
    if standing.daily:
        return "day"
    if standing.window <= 1:
        return "second"
    return "hour" if standing.window >= 3600 else "minute"


_WRITERS: dict[Host, Writer] = {
    Host.ANTHROPIC: _anthropic,
    Host.AZURE: _azure,
    Host.CEREBRAS: _cerebras,
    Host.FIREWORKS: _fireworks,
    Host.GROQ: _groq,
    Host.MISTRAL: _mistral,
    Host.NEBIUS: _openai,
    Host.OPENAI: _openai,
    Host.POE: _poe,
    Host.TOGETHER: _together,
}
