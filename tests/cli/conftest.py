"""Every test has a home, a project and a store of its own; commands run here or as the real script."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from massgen_plugins.cli.app import build_app
from massgen_plugins.live.presence import Presence, WaitingCall, live_directory
from massgen_plugins.live.writer import PresenceFile
from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.profiles import load_settings
from massgen_plugins.quota import MINUTE, Domain, Kind, Limit, Pool
from massgen_plugins.rate_limit import learning
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.verdict import Wait

SCRIPT = Path(sysconfig.get_path("scripts")) / "massgen-rl"
DOMAIN = Domain("gemini", "research")
FLASH = Pool(DOMAIN, "gemini-2.5-flash")
PRO = Pool(DOMAIN, "gemini-2.5-pro")
NAME = "gemini/research/gemini-2.5-flash"
"""The first of them, as commands write it."""

_FOREIGN = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "GOOGLE_API_KEY", "GEMINI_API_KEY", "MASSGEN_PLUGINS_BLOCK")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def pool_of(ran: Ran, name: str = NAME) -> Any:
    """A pool of the document that ``status --json`` printed."""
    return next(pool for pool in ran.document["pools"] if pool["pool"] == name)


def limit_of(ran: Ran, key: str) -> Any:
    """A limit of the first pool."""
    return next(limit for limit in pool_of(ran)["limits"] if limit["key"] == key)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "home"
    project = tmp_path / "project"
    for each in (directory, project):
        each.mkdir()
    monkeypatch.setenv("HOME", str(directory))
    monkeypatch.setenv("XDG_STATE_HOME", str(directory / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(directory / "config"))
    # As in an activated environment: another MassGen on the machine is not asked.
    monkeypatch.setenv("PATH", f"{SCRIPT.parent}{os.pathsep}{os.environ['PATH']}")
    for name in (*_FOREIGN, "MASSGEN_PLUGINS_DISABLE", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(project)
    return directory


@pytest.fixture
def settings_file(home: Path) -> Path:
    return home / "config" / "massgen-plugins" / "rate_limit.yaml"


@pytest.fixture
def store_file(home: Path) -> Path:
    return home / "state" / "massgen-plugins" / "quota.sqlite3"


@pytest.fixture
def rl() -> Callable[..., Ran]:
    """Runs a command in this process."""

    def run(*arguments: str, **options: Any) -> Ran:
        result = CliRunner().invoke(build_app(), list(arguments), prog_name="massgen-rl", **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def script() -> Callable[..., Ran]:
    """Runs the installed script in a process of its own."""

    def run(*arguments: str | bytes, **environment: str) -> Ran:
        done = subprocess.run(
            [SCRIPT, *arguments],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def spend_in(
    store: Store,
    pool: Pool = FLASH,
    *,
    calls: int = 1,
    tokens: int = 1000,
    refusal: Refusal | None = None,
    limits: Sequence[Limit] = (),
    process: str = "process",
) -> None:
    """Puts calls into a store, as a MassGen run does; those that have to wait are left in its queue.

    Args:
        store: Where.
        pool: Which.
        calls: How many calls are made.
        tokens: What each of them takes.
        refusal: What the provider answers to the last one.
        limits: Instead of the profile's.
        process: Which process makes them.
    """
    replica = DomainReplica(pool.domain, store, process, _fail)
    rules = load_settings(None).rules(pool.domain.provider, pool.name)
    assert rules is not None
    if limits:
        rules = replace(rules, limits=tuple(limits))
    amounts = {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: tokens, Kind.CONCURRENT: 1}

    def work(state: DomainState, now: Moment) -> None:
        state.configure(pool.name, rules, now.tick)
        call = None
        for number in range(calls):
            ask = Ask((pool.name,), amounts, now.tick + number)
            verdict = state.decide(now, ask)
            if isinstance(verdict, Reservation):
                call = verdict
            elif isinstance(verdict, Wait):
                state.queue(ask, "", now.tick, verdict.until, calls - number)
                break
        if refusal is not None:
            assert call is not None
            learning.refused(state, now, call, refusal, 0.5)

    replica.transact(work, patient=True)


def _fail(sentence: str) -> None:
    raise AssertionError(sentence)


@pytest.fixture
def spend(store_file: Path) -> Callable[..., None]:
    """Puts calls and refusals into the user's store."""

    def put(*arguments: Any, **options: Any) -> None:
        store = SqliteStore(store_file)
        try:
            spend_in(store, *arguments, **options)
        finally:
            store.close()

    return put


@pytest.fixture
def run_goes_on(home: Path) -> Iterator[Callable[..., Presence]]:
    """Lets a run go on as others see it, in this process; it ends with the test."""
    files: list[PresenceFile] = []

    def write(*waiting: WaitingCall, **changed: Any) -> Presence:
        directory = live_directory()
        assert directory is not None
        files.append(PresenceFile(directory))
        now = time.time()
        made = Presence(
            0, "20261130-104912-7", "/projects/team.yaml", "/projects", now - 90, now, waiting=waiting
        )
        files[-1].write(replace(made, **changed))
        return made

    yield write
    for file in files:
        file.remove()


def waiting_call(agent: str, left: float = 23.0, pool: Pool = FLASH, number: int = 1) -> WaitingCall:
    """A call that waits for the minute's limit."""
    now = time.time()
    where = (pool.name, pool.domain.provider, pool.domain.account, pool.domain.endpoint)
    limit = "9 requests per minute"
    return WaitingCall(number, "run", agent, *where, now - 38, now + left, number, limit, "limit")


@pytest.fixture
def lower_limit() -> Refusal:
    """The provider says that it allows 5 requests a minute, and to retry in 30 s."""
    return Refusal(RefusalKind.WINDOW, retry_after=30, limits=(StatedLimit(Kind.REQUESTS, MINUTE, 5),))
