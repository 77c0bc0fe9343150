"""Findings of the doctor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["Finding", "Mark", "fail", "ok", "warn"]


class Mark(StrEnum):
    """Severity of a finding."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check.

    Attributes:
        check: Name of the check, the same in every run.
        mark: Severity.
        found: What was found.
        cure: The fix; empty if nothing needs to be done.
    """

    check: str
    mark: Mark
    found: str
    cure: str = ""

    def as_json(self) -> dict[str, str]:
        """JSON values: ``check``, ``mark``, ``found`` and ``cure``."""
        return {**asdict(self), "mark": self.mark.value}


def ok(check: str, found: object, hint: str = "") -> Finding:
    """A passed check, with an optional hint."""
    return Finding(check, Mark.OK, str(found), hint)


def warn(check: str, found: object, cure: str) -> Finding:
    """A check that passed, but may not be as intended."""
    return Finding(check, Mark.WARN, str(found), cure)


def fail(check: str, found: object, cure: str) -> Finding:
    """A failed check: limits do not work."""
    return Finding(check, Mark.FAIL, str(found), cure)
