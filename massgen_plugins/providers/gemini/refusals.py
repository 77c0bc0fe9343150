"""What a Gemini "no" means, and so what helps against it.

Google sends no headers about quotas; all is in the error's JSON. Its shapes were collected from real answers
of 2025 and 2026; the tests hold one of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from massgen_plugins.middleware import Refusal, RefusalKind
from massgen_plugins.providers.durations import parse_duration
from massgen_plugins.providers.gemini.advice import NO_ACCESS, NO_CREDIT, SPENDING_CAP
from massgen_plugins.providers.gemini.errors import GeminiError, read_error
from massgen_plugins.providers.gemini.violations import Violation, read_violations

__all__ = ["read_refusal"]

_REFUSALS = frozenset({402, 429, 503, 529})
_RETRY_IN_PROSE = re.compile(r"retry in ([0-9][0-9a-z\N{MICRO SIGN}.]{0,60}?)\.?(?:\s|$)")


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal | None:
    """Read an error answer, or the first event of a stream that began with status 200; never raises.

    A wrong request (400), a missing right (401, 403) and a fault of the server (500) are no refusals: they
    say nothing about quotas, and clients repeat a 500 by themselves.

    Args:
        status: HTTP status of the answer.
        headers: Lower-case names.
        body: The whole error body, or the stream's first event with or without its ``data:``.
    """
    error = read_error(body)
    if status == 200:
        status = error.code if error else 200
    if status not in _REFUSALS:
        return None
    error = error or GeminiError()
    hint = max(_hints(error, headers), default=None)
    return _permanent(status, error) or _of_limits(error, hint) or Refusal(RefusalKind.OVERLOAD, hint)


def _permanent(status: int, error: GeminiError) -> Refusal | None:
    """Money that is gone; the text is all that tells it from a busy server."""
    message = error.message.lower()
    if "spending cap" in message:
        return Refusal(RefusalKind.PERMANENT, advice=SPENDING_CAP)
    if status == 402 or ("prepa" in message and "depleted" in message):
        return Refusal(RefusalKind.PERMANENT, advice=NO_CREDIT)
    return None


def _of_limits(error: GeminiError, hint: float | None) -> Refusal | None:
    """A refusal that names limits: never (zero), for the day, or for the minute; None if it names none."""
    violations = read_violations(error)
    limits = tuple(dict.fromkeys(stated for stated in (v.stated for v in violations) if stated))
    if any(violation.amount == 0 for violation in violations):
        return Refusal(RefusalKind.PERMANENT, limits=limits, advice=NO_ACCESS)
    if any(violation.span == "day" for violation in violations):
        return Refusal(RefusalKind.DAY, _day_hint(violations, hint), limits)
    if any(violation.span == "minute" for violation in violations) or (violations and hint is not None):
        return Refusal(RefusalKind.MINUTE, hint, limits)
    return None


def _day_hint(violations: Sequence[Violation], hint: float | None) -> float | None:
    """On the free tier a spent day comes with a hint of seconds, which is wrong; elsewhere it is right."""
    return None if any(violation.free_tier for violation in violations) else hint


def _hints(error: GeminiError, headers: Mapping[str, str]) -> Iterator[float]:
    """Every time that the answer names, in seconds: they disagree, since ``retryDelay`` is cut to seconds."""
    texts = [headers.get("retry-after", ""), *_RETRY_IN_PROSE.findall(error.message)]
    texts += [str(detail.get("retryDelay", "")) for detail in error.details]
    for text in texts:
        seconds = parse_duration(text)
        if seconds is not None:
            yield seconds
