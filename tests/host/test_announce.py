"""How a wait is shown: through MassGen's own channels, each of which may fail."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from massgen_plugins.events import CallWaits
from massgen_plugins.host import announce, reports
from massgen_plugins.quota import Domain, Pool

POOL = Pool(Domain("gemini", "key-1"), "gemini-2.5-flash")


class Orchestrator:
    """As much of MassGen's as is looked at."""

    def __init__(self, *names, timeout=1800.0):
        self.agents = dict.fromkeys(names)
        self.shown = []
        self.coordination_start_time = time.time()
        self.config = SimpleNamespace(timeout_config=SimpleNamespace(orchestrator_timeout_seconds=timeout))
        display = SimpleNamespace(update_agent_content=lambda *args: self.shown.append(args))
        self.coordination_ui = SimpleNamespace(display=display)
        announce.watch(self)


@pytest.fixture
def emitted(massgen, monkeypatch):
    """What went through MassGen's event emitter."""
    events = []
    emitter = SimpleNamespace(emit_status=lambda message, **more: events.append((message, more)))
    monkeypatch.setattr("massgen.logger_config.get_event_emitter", lambda: emitter)
    return events


@pytest.fixture
def informed(monkeypatch):
    lines = []
    monkeypatch.setattr(reports, "inform", lines.append)
    return lines


def wait(seconds, agent_id="a0"):
    return CallWaits(POOL, agent_id, seconds, 0, f"massgen-plugins: waiting {seconds:g} s.")


def test_a_long_wait_is_seen_everywhere(said, emitted):
    orchestrator, other = Orchestrator("a0"), Orchestrator("b0")
    announce.show(wait(42))
    assert said == ["massgen-plugins: waiting 42 s. (a0)"]
    assert emitted == [("massgen-plugins: waiting 42 s.", {"level": "warning", "agent_id": "a0"})]
    assert orchestrator.shown == [("a0", "massgen-plugins: waiting 42 s.", "status")]
    assert other.shown == []


def test_a_short_wait_is_only_a_line_in_the_log_file(said, emitted, informed):
    orchestrator = Orchestrator("a0")
    announce.show(wait(3))
    assert (said, emitted, orchestrator.shown) == ([], [], [])
    assert informed == ["massgen-plugins: waiting 3 s."]


def test_massgens_own_timeout_is_named_when_it_will_win(said, emitted):
    orchestrator = Orchestrator("a0", timeout=60)
    announce.show(wait(42))
    announce.show(wait(600))
    assert "orchestrator_timeout_seconds" not in said[0]
    assert "orchestrator_timeout_seconds" in said[1]
    assert len(orchestrator.shown) == 2


def test_a_call_without_an_agent_is_shown_too(said, emitted):
    announce.show(wait(42, None))
    assert said == ["massgen-plugins: waiting 42 s. (a background call)"]


def test_no_channel_can_break_the_call_that_waits(said, monkeypatch, massgen):
    def fail(*args, **more):
        raise RuntimeError("a display that is gone")

    monkeypatch.setattr("massgen.logger_config.get_event_emitter", fail)
    orchestrator = Orchestrator("a0")
    orchestrator.coordination_ui.display.update_agent_content = fail
    orchestrator.config = None
    announce.show(wait(42))
    assert len(said) == 1


def test_a_sentence_is_said_once(said):
    for _ in range(3):
        reports.warn_once("one")
        reports.warn_once("two")
    assert said == ["one", "two"]


def test_without_massgens_log_it_goes_to_stderr(monkeypatch, capsys):
    def absent():
        raise ImportError("no massgen")

    monkeypatch.setattr(reports, "_logger", absent)
    reports.log_warning("hello")
    reports.inform("not this")
    assert capsys.readouterr().err == "massgen-plugins: hello\n"


def test_of_each_subject_the_last_words_come_at_the_end(monkeypatch, capsys):
    registered = []
    monkeypatch.setattr(reports, "_last_words", {})
    monkeypatch.setattr(reports.atexit, "register", registered.append)
    for subject, words in (("a", "one"), ("b", "two"), ("a", "three")):
        reports.at_exit(subject, words)
    (speak,) = registered
    speak()
    assert capsys.readouterr().err == "three\ntwo\n"
