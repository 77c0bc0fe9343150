"""Every test has a home, a project and a store of its own; commands run here or as the real script."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from massgen_plugins.cli.app import build_app
from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.profiles import load_settings
from massgen_plugins.quota import Kind, Scope
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

SCRIPT = Path(sysconfig.get_path("scripts")) / "massgen-rl"
FLASH = Scope("gemini", "research", "gemini-2.5-flash")
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


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "home"
    project = tmp_path / "project"
    for each in (directory, project):
        each.mkdir()
    monkeypatch.setenv("HOME", str(directory))
    monkeypatch.setenv("XDG_STATE_HOME", str(directory / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(directory / "config"))
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


@pytest.fixture
def spend(store_file: Path) -> Callable[..., None]:
    """Puts calls and lessons into the user's store, as a MassGen run does."""

    def put(scope: Scope = FLASH, calls: int = 1, tokens: int = 1000, refusal: Refusal | None = None) -> None:
        store = SqliteStore(store_file)
        store.configure(scope, load_settings(None).rules(scope.provider, scope.model))
        amounts = {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: tokens}
        for _ in range(calls):
            store.admit(scope, "lane", [Bid(1, time.monotonic_ns(), amounts)])
        if refusal is not None:
            store.refused(scope, refusal, store.tick())
        store.close()

    return put


@pytest.fixture
def lower_limit() -> Refusal:
    """The provider says that it allows 5 requests a minute, and to come again in 30 s."""
    return Refusal(RefusalKind.MINUTE, retry_after=30, limits=(StatedLimit(Kind.REQUESTS, False, 5),))
