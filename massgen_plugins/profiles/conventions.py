"""What a provider means by "tokens per minute" and by "day"."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from massgen_plugins.profiles.checks import a_choice, a_text
from massgen_plugins.profiles.tree import Entry, wrong
from massgen_plugins.quota import DAY, CalendarDay, Kind, Window

__all__ = ["ROLLING", "Conventions", "a_zone", "conventions_of"]

ROLLING = "rolling"
"""Written instead of a zone: the day is any 24 hours."""

_TOKEN_KINDS = (Kind.INPUT_TOKENS, Kind.TOTAL_TOKENS, Kind.OUTPUT_TOKENS)


@dataclass(frozen=True, slots=True)
class Conventions:
    """How one provider counts.

    Attributes:
        tpm_counts: The kind that ``tpm`` and ``tpd`` limit.
        day: The window of ``rpd``, ``tpd`` and ``usd_per_day``. Any 24 hours, the default, are never
            too generous, wherever the provider's day begins.
    """

    tpm_counts: Kind = Kind.TOTAL_TOKENS
    day: Window = DAY

    @property
    def zone(self) -> str:
        """Where the provider's day begins; UTC when any 24 hours count."""
        return self.day.zone if isinstance(self.day, CalendarDay) else "UTC"

    @property
    def day_zone(self) -> str:
        """The day as a profile file writes it."""
        return self.day.zone if isinstance(self.day, CalendarDay) else ROLLING


# https://ai.google.dev/gemini-api/docs/rate-limits (2026-08-18): "Tokens per minute (input)"; requests
# per day "reset at midnight Pacific time".
_KNOWN = {"gemini": Conventions(Kind.INPUT_TOKENS, CalendarDay("America/Los_Angeles"))}


def conventions_of(provider: str, tpm_counts: Entry | None, day_zone: Entry | None) -> Conventions:
    """A provider's conventions: what its file says, over what is known of it, over the careful default."""
    known = _KNOWN.get(provider, Conventions())
    kind = Kind(a_choice(tpm_counts, _TOKEN_KINDS)) if tpm_counts else known.tpm_counts
    if day_zone is None:
        return Conventions(kind, known.day)
    day = DAY if day_zone.value == ROLLING else CalendarDay(a_zone(day_zone, day_zone.value))
    return Conventions(kind, day)


def a_zone(entry: Entry, zone: object) -> str:
    """The name of a time zone that this machine knows.

    Raises:
        ConfigurationError: It knows none of that name.
    """
    name = a_text(Entry(zone, entry.place), "a time zone such as America/Los_Angeles", longest=64)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        cure = "write an IANA name such as America/Los_Angeles, or install the package tzdata"
        raise wrong(entry.place, f"the time zone {name!a} is not known here; {cure}") from error
    return name
