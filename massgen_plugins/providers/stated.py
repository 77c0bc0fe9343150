"""Parses limits stated in the prose of refusals, with one table of wordings for all providers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from massgen_plugins.middleware import StatedLimit
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.headers import parse_number
from massgen_plugins.providers.windows import SPANS, per, window_of
from massgen_plugins.quota import HELD, Kind

__all__ = ["Stated", "read_stated"]

_N = r"[0-9]{1,15}(?:,[0-9]{3}){0,5}(?:\.[0-9]{1,9})?"
_TOKENS = r"(?:uncached |cached |prompt |generated |input |output |total )?tokens?"
_KIND = rf"(?P<kind>requests?|quer(?:y|ies)|calls?|images?|{_TOKENS})"
_SPAN = r"(?P<span>sec(?:ond)?|min(?:ute)?|hour|day|week|month)\b"

_USED = rf"(?:, Used:? {_N})?(?:, Requested:? (?P<asked>{_N}))?"
_AZURE = r"(?P<kind>User\w{1,80})"

_WORDINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # OpenAI, Groq (field, 2025 to 2026): "on tokens per min (TPM): Limit 30000, Used 1, Requested 2"
        rf"on {_KIND} per {_SPAN}(?: \([A-Za-z]{{2,6}}\))?: Limit:? (?P<limit>{_N}){_USED}",
        # OpenAI (field, 2023): "on requests per min. Limit: 3 / min."; images still: "Limit: 5/1min."
        rf"{_KIND} per {_SPAN}[^:\n]{{0,80}}Limit: (?P<limit>{_N}) ?/",
        # Azure (field, 2024 to 2026): "Rate limit of 40000 per 60s exceeded for UserByModelByMinuteTokens",
        # of requests "UserByModelByMinute", of calls at a time "UserConcurrentRequests"
        rf"limit of (?P<limit>{_N}) per (?P<seconds>[0-9]{{1,6}}) ?s(?:econds?)? exceeded for {_AZURE}",
        # Azure (field, 2024 to 2026): "have exceeded token rate limit of your current OpenAI S0 pricing tier"
        r"exceeded (?:the )?(?P<kind>token|call|request) rate limit",
        # xAI (field, 2026): "Requests per Second (actual/limit): 2/2"
        rf"{_KIND} per {_SPAN} \(actual/limit\): {_N}/(?P<limit>{_N})",
        # Together (field, 2026): "6.0 queries and 180000000 tokens per minute"
        rf"(?P<limit>{_N}) {_KIND}(?: and {_N} tokens)? (?:per|/) ?{_SPAN}",
        rf"and (?P<limit>{_N}) (?P<kind>tokens) per {_SPAN}",
        # Moonshot (field, 2026): "max RPM: 3", "max concurrency: 1", "TPM rate limit, current: 5, limit: 4"
        rf"\b(?P<short>[RT]P[SMD]|concurrency)(?: rate limit, current: ?{_N}, limit)?: ?(?P<limit>{_N})",
        # DeepSeek (field, 2026-09): "exceeds your concurrency limit of 39"
        rf"(?P<short>concurrency) limit of (?P<limit>{_N})",
        # slowapi and limits, in servers of one's own: "Rate limit exceeded: 5 per 1 minute"
        rf"limit exceeded: (?P<limit>{_N}) per (?P<times>[0-9]{{1,4}}) (?P<span>second|minute|hour|day)s?\b",
        # Cerebras (field, 2026): "Tokens per day limit exceeded"
        rf"{_KIND} per {_SPAN} limit exceeded",
    )
)
_SHORT_KINDS = {"r": Kind.REQUESTS, "t": Kind.TOTAL_TOKENS}
_MOST = 16


@dataclass(frozen=True, slots=True)
class Stated:
    """A limit stated in a refusal.

    Attributes:
        limit: The limit.
        seconds: Length of its window; 0 for concurrency.
        asked: The amount that this call requested; None if not stated.
    """

    limit: StatedLimit
    seconds: float
    asked: float | None = None

    @property
    def never_fits(self) -> bool:
        """Whether this call requested more than the whole limit."""
        return self.asked is not None and self.limit.amount is not None and self.asked > self.limit.amount


def read_stated(text: str, conventions: Conventions) -> Sequence[Stated]:
    """All limits stated in a text, without duplicates; those with an amount take precedence.

    Args:
        text: A refusal's prose, at most a few kilobytes.
        conventions: How the provider counts.
    """
    found: dict[tuple[str, float], Stated] = {}
    for stated in _all(text, conventions):
        key = (stated.limit.kind, stated.seconds)
        if key not in found or found[key].limit.amount is None:
            found[key] = stated
    return tuple(found.values())[:_MOST]


def _all(text: str, conventions: Conventions) -> Iterator[Stated]:
    for wording in _WORDINGS:
        for match in wording.finditer(text):
            yield _stated({name: value for name, value in match.groupdict().items() if value}, conventions)


def _stated(found: dict[str, str], conventions: Conventions) -> Stated:
    short = found.get("short", "").lower()
    amount = parse_number(found["limit"]) if "limit" in found else None
    asked = parse_number(found["asked"]) if "asked" in found else None
    if short == "concurrency":
        kind, seconds = str(Kind.CONCURRENT), 0.0
    elif short:
        kind, seconds = str(_SHORT_KINDS[short[0]]), SPANS[short[2]]
    else:
        kind, seconds = _kind(found.get("kind", "").lower(), conventions), _seconds(found)
    if kind == Kind.CONCURRENT:
        return Stated(StatedLimit(kind, HELD, None if amount is None else int(amount)), 0.0)
    whole = None
    if amount is not None:
        whole, seconds = per(amount, seconds)
    return Stated(StatedLimit(kind, window_of(seconds, conventions), whole), seconds, asked)


def _kind(word: str, conventions: Conventions) -> str:
    if "concurrent" in word:
        return Kind.CONCURRENT
    if "token" not in word:
        return "images" if word.startswith("image") else Kind.REQUESTS
    if word.startswith(("input", "prompt", "uncached")):
        return Kind.INPUT_TOKENS
    if word.startswith(("output", "generated")):
        return Kind.OUTPUT_TOKENS
    return conventions.tpm_counts


def _seconds(found: dict[str, str]) -> float:
    if "seconds" in found:
        return max(1.0, float(found["seconds"]))
    return SPANS[found.get("span", "minute").lower()] * max(1, int(found.get("times", "1")))
