"""Runs of the real MassGen are mostly waiting, so they wait together; what they measured is shown at the end.

A test that takes ``folder``, and nothing else but its parameters, is such a run: when the first of them is
reached, all that were selected are started, each in a thread, ten at a time: each is a MassGen of half a
gigabyte. Each then passes or fails in its turn.
"""

from __future__ import annotations

import inspect
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for harness and figures, whichever way pytest was started

import figures
from child import end_all

_AT_A_TIME = 10

_started = pytest.StashKey[dict[str, Future]]()


@pytest.fixture
def folder(tmp_path):
    """A directory of the test's own."""
    return tmp_path


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not _runs_ahead(pyfuncitem):
        return None
    session = pyfuncitem.session
    if _started not in session.stash:
        session.stash[_started] = _start_all([item for item in session.items if _runs_ahead(item)], session)
    session.stash[_started][pyfuncitem.nodeid].result()
    return True


def pytest_sessionfinish():
    end_all()


def pytest_terminal_summary(terminalreporter):
    if figures.rows:
        terminalreporter.section("what the server saw")
        for line in figures.table():
            terminalreporter.write_line(line)


def _runs_ahead(item):
    arguments = set(inspect.signature(item.function).parameters)
    return "folder" in arguments and arguments <= {"folder", *_parameters(item)}


def _parameters(item):
    return item.callspec.params if hasattr(item, "callspec") else {}


def _start_all(items, session):
    pool = ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="e2e")
    base = session.config._tmp_path_factory.mktemp("e2e")
    futures = {}
    for number, item in enumerate(items):
        folder = base / f"{number:02}-{item.originalname}"
        folder.mkdir()
        futures[item.nodeid] = pool.submit(item.function, folder=folder, **_parameters(item))
    pool.shutdown(wait=False)
    return futures
