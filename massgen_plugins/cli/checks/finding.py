"""One line of a diagnosis."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["Finding", "Mark", "fail", "ok", "warn"]


class Mark(StrEnum):
    """How good it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and how to mend it.

    Attributes:
        check: What was looked at, in a few words; the same in every run.
        mark: How good it is.
        found: What was seen.
        cure: What to do; empty if nothing needs to be done.
    """

    check: str
    mark: Mark
    found: str
    cure: str = ""

    def as_json(self) -> dict[str, str]:
        """For programs: ``check``, ``mark``, ``found`` and ``cure``."""
        return {**asdict(self), "mark": self.mark.value}


def ok(check: str, found: object, hint: str = "") -> Finding:
    """All is well; ``hint`` is worth knowing all the same."""
    return Finding(check, Mark.OK, str(found), hint)


def warn(check: str, found: object, cure: str) -> Finding:
    """It works, but perhaps not as wanted."""
    return Finding(check, Mark.WARN, str(found), cure)


def fail(check: str, found: object, cure: str) -> Finding:
    """Limiting does not work."""
    return Finding(check, Mark.FAIL, str(found), cure)
