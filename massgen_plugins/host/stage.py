"""The runs of this process as MassGen knows them: orchestrator, display, event emitter, folder of the log."""

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
    """What one orchestrator works with.

    Attributes:
        reference: The orchestrator, for as long as MassGen keeps it.
        loop: The event loop in which it runs; None if it is not known.
        emitter: Writes MassGen's events.jsonl, and tells its displays; None if there is none.
        folder: Where MassGen keeps status.json; None if it is not known.
    """

    reference: weakref.ref[Any]
    loop: asyncio.AbstractEventLoop | None
    emitter: Any
    folder: Path | None

    @property
    def orchestrator(self) -> Any:
        """The orchestrator; None if it is gone."""
        return self.reference()

    @property
    def display(self) -> Any:
        """MassGen's display; None if there is none."""
        return getattr(getattr(self.orchestrator, "coordination_ui", None), "display", None)

    def in_loop(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function of MassGen's in its event loop; here if that has ended."""
        if self.loop is not None:
            with suppress(RuntimeError):  # it has been closed
                self.loop.call_soon_threadsafe(_quietly, function, *arguments)
                return
        _quietly(function, *arguments)


def _quietly(function: Callable[..., Any], *arguments: Any) -> None:
    """What fails to be shown must not be an error of MassGen's event loop."""
    with suppress(Exception):
        function(*arguments)


_lock = threading.Lock()
_stages: weakref.WeakKeyDictionary[Any, Stage] = weakref.WeakKeyDictionary()
_runs: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def watch(orchestrator: Any) -> None:
    """Remember an orchestrator; to be called in its own task, and again whenever its log may have moved."""
    loop = None
    with suppress(RuntimeError):
        loop = asyncio.get_running_loop()
    stage = Stage(weakref.ref(orchestrator), loop, _emitter(), _folder())
    with _lock:
        _stages.pop(orchestrator, None)
        _stages[orchestrator] = stage


def assign(backend: Any, run: str) -> None:
    """Remember to which run a backend belongs: two runs in a process may have agents of the same names."""
    with _lock, suppress(TypeError):  # cannot be referred to weakly
        _runs[backend] = run


def stages() -> list[Stage]:
    """All that are there, the newest first."""
    with _lock:
        return list(_stages.values())[::-1]


def stage_of(run: str, agent_id: str) -> Stage | None:
    """Where an agent of a run acts; None if no orchestrator has it."""
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
