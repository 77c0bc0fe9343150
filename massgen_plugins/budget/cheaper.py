"""Switches agents to a cheaper model, at a mark of a budget or when their own model no longer fits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from massgen_plugins.budget.marks import Marks
from massgen_plugins.budget.messages import Level, cheaper_message
from massgen_plugins.budget.terms import Budget, Scope, Terms
from massgen_plugins.events import Event, ModelReplaced
from massgen_plugins.middleware import ModelCall
from massgen_plugins.profiles.names import matches

__all__ = ["Replacements"]


class _Last(NamedTuple):
    """The terms and budgets of an agent's last call."""

    terms: Terms
    budgets: Sequence[Budget]


class Replacements:
    """Tracks which agents use which model. Thread-safe.

    Args:
        marks: Knows the state of budgets.
        emit: Publishes each change.
    """

    def __init__(self, marks: Marks, emit: Callable[[Event], None]) -> None:
        self._marks = marks
        self._emit = emit
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], _Last] = {}
        self._replaced: dict[tuple[str, str], tuple[str, Level]] = {}

    def saw(self, terms: Terms, scope: Scope, budgets: Sequence[Budget]) -> None:
        """Note that an agent makes a call under these terms."""
        if scope.agent_id is not None and terms.block.at == "cheaper":
            self._last[scope.run, scope.agent_id] = _Last(terms, budgets)

    def model_for(self, agent_id: str, run: str, model: str) -> str | None:
        """The model for an agent's next turn; None for its own."""
        last = self._last.get((run, agent_id))
        other = _cheaper(last.terms, model) if last is not None else None
        if last is None or other is None:
            return None
        level = self._marks.nearest(last.budgets)
        if level is None:
            return None
        if level.percent >= last.terms.block.cheaper_from or self._still(run, agent_id, last.budgets):
            self._note(run, agent_id, model, other, level)
            return other
        self._note(run, agent_id, model, model, level)
        return None

    def instead(self, terms: Terms, call: ModelCall, level: Level) -> str | None:
        """The model to restart a turn with whose first call does not fit; None if there is none."""
        if terms.block.at != "cheaper" or call.agent_id is None:
            return None
        other = _cheaper(terms, call.requested_model)
        if other is not None:
            self._note(call.run, call.agent_id, call.requested_model, other, level)
        return other

    def _still(self, run: str, agent_id: str, budgets: Sequence[Budget]) -> bool:
        """Whether an agent's replacement still applies: its budget was neither raised nor reset."""
        _, since = self._replaced.get((run, agent_id), (None, None))
        if since is None or since.budget not in budgets:
            return False
        now = self._marks.nearest([since.budget])
        return now is None or now.resets == since.resets

    def _note(self, run: str, agent_id: str, before: str, after: str, level: Level) -> None:
        """Publish an agent's change of model, once."""
        with self._lock:
            known = self._replaced.get((run, agent_id))
            if before == after:
                if known is None:
                    return
                del self._replaced[run, agent_id]
            elif known is not None and known[0] == after:
                return
            else:
                self._replaced[run, agent_id] = after, level
        message = cheaper_message(level, agent_id, before, after)
        self._emit(ModelReplaced(agent_id, run, before, after, message))


def _cheaper(terms: Terms, model: str) -> str | None:
    """The configured replacement of a model."""
    named = terms.block.cheaper
    found = matches(named, model)
    other = named[found[-1]] if found else None
    return None if other == model else other
