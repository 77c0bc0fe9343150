"""MassGen's objects for the runs of this process: orchestrator, display, event emitter, log folder."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Stage", "assign", "stage_of", "stages", "watch"]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """The environment of one orchestrator.

    Attributes:
        reference: Weak reference to the orchestrator.
        loop: Its event loop; None if unknown.
        emitter: MassGen's event emitter, for events.jsonl and displays; None if there is none.
        folder: Directory of MassGen's status.json; None if unknown.
    """

    reference: weakref.ref[Any]
    loop: asyncio.AbstractEventLoop | None
    emitter: Any
    folder: Path | None

    @property
    def orchestrator(self) -> Any:
        """The orchestrator; None once it is garbage-collected."""
        return self.reference()

    @property
    def display(self) -> Any:
        """MassGen's display; None if there is none."""
        return getattr(getattr(self.orchestrator, "coordination_ui", None), "display", None)

    def in_loop(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a MassGen function in its event loop; directly if that has ended."""
        if self.loop is not None:
            with suppress(RuntimeError):  # the loop has been closed
                self.loop.call_soon_threadsafe(_quietly, function, *arguments)
                return
        _quietly(function, *arguments)


def _quietly(function: Callable[..., Any], *arguments: Any) -> None:
    """Call a display function, ignoring errors: they must not reach MassGen's event loop."""
    with suppress(Exception):
        function(*arguments)


_lock = threading.Lock()
_stages: weakref.WeakKeyDictionary[Any, Stage] = weakref.WeakKeyDictionary()
_runs: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def watch(orchestrator: Any) -> None:
    """Register an orchestrator. Call in its own task, and again whenever its log folder may have changed."""
    loop = None
    with suppress(RuntimeError):
        loop = asyncio.get_running_loop()
    stage = Stage(weakref.ref(orchestrator), loop, _emitter(), _folder())
    with _lock:
        _stages.pop(orchestrator, None)
        _stages[orchestrator] = stage


def assign(backend: Any, run: str) -> None:
    """Assign a backend to a run: several runs in a process may have agents of the same name."""
    with _lock, suppress(TypeError):  # cannot be referred to weakly
        _runs[backend] = run


def stages() -> list[Stage]:
    """All current stages, newest first."""
    with _lock:
        return list(_stages.values())[::-1]


def stage_of(run: str, agent_id: str) -> Stage | None:
    """The stage of an agent of a run; None if no orchestrator has it."""
    for stage in stages():
        with suppress(Exception):
            agent = stage.orchestrator.agents.get(agent_id)
            if agent is not None and _run_of(agent.backend) in (None, run):
                return stage
    return None


def _run_of(backend: Any) -> str | None:
    with _lock, suppress(TypeError):  # cannot be referred to weakly
        return _runs.get(backend)
    return None


def _emitter() -> Any:
    with suppress(Exception):
        from massgen.events import get_event_emitter

        return get_event_emitter()
    return None


def _folder() -> Path | None:
    with suppress(Exception):
        from massgen.logger_config import get_log_session_dir

        return Path(get_log_session_dir())
    return None
