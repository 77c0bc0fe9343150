"""The host's seams, with small doubles of MassGen and with the real one, imported in this process."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from massgen_plugins import wire
from massgen_plugins.errors import CallRefused
from massgen_plugins.host import reports, runtime
from massgen_plugins.host.stream import Agent
from massgen_plugins.manager import build_manager
from massgen_plugins.providers.gemini.provider import GeminiProvider


@pytest.fixture(scope="session")
def massgen():
    """The real MassGen; warnings of its own and of its libraries are not ours."""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        import massgen
        import massgen.backend.base
        import massgen.cli.backends
        import massgen.orchestrator
        import massgen.subagent.manager
    return massgen


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch, tmp_path):
    """Each test begins like a process in which nothing was switched on, and leaves nothing patched."""
    monkeypatch.setattr(runtime, "_runtime", None)
    monkeypatch.setattr(reports, "_said", set())
    monkeypatch.setattr(reports, "_last_words", {"already": "registered"})
    monkeypatch.setattr("sys.argv", ["pytest"])
    monkeypatch.setenv("GEMINI_API_KEY", "test-key")
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    # The switch may be written by the code under test: monkeypatch must know of it to take it away.
    monkeypatch.setenv("MASSGEN_RATE_LIMIT", "")
    yield
    wire.uninstall()


@pytest.fixture
def said(monkeypatch):
    """What we told the user."""
    lines: list[str] = []
    monkeypatch.setattr(reports, "log_warning", lines.append)
    return lines


@pytest.fixture
def shared(said):
    """A runtime with the built-in plugins, not connected to any wire."""
    return runtime.Runtime(build_manager(said.append, with_entry_points=False))


@pytest.fixture
def store(tmp_path):
    return Path(tmp_path) / "quota.sqlite3"


@pytest.fixture
def agent():
    return Agent("a0", "run1", GeminiProvider(), "gemini-2.5-flash", "gemini-2.5-flash", governor=None)


@pytest.fixture
def spent():
    """A refusal of ours."""
    return CallRefused("massgen-plugins: the day is over.")
