"""How a wait is shown through MassGen's own channels, each of which may fail."""

from __future__ import annotations

import asyncio
import gc
from types import SimpleNamespace

import pytest

from massgen_plugins.events import CallAdmitted, CallTurnedAway, CallWaits
from massgen_plugins.host import reports, stage
from massgen_plugins.host.announce import Announcer
from massgen_plugins.live.names import Names
from massgen_plugins.live.tracker import Tracker
from massgen_plugins.quota import Domain, Pool

pytestmark = pytest.mark.usefixtures("only_new_garbage")

POOL = Pool(Domain("gemini", "key-1"), "gemini-2.5-flash")
NOW = 1_000_000.0


class SimpleDisplay:
    """As much of MassGen's as is used."""

    def __init__(self):
        self.lines = []

    def update_agent_content(self, agent_id, text, kind):
        assert kind == "status"
        self.lines.append((agent_id, text))


class Emitter:
    """MassGen's, which writes events.jsonl."""

    def __init__(self):
        self.statuses, self.events = [], []

    def emit_status(self, message, level, agent_id):
        assert level == "warning"
        self.statuses.append((agent_id, message))

    def emit_raw(self, event_type, **fields):
        self.events.append((event_type, fields))


class Orchestrator:
    """As much of MassGen's as is looked at."""

    def __init__(self, *names, timeout=1800.0):
        self.agents = {name: SimpleNamespace(backend=None) for name in names}
        self.coordination_start_time = NOW
        self.config = SimpleNamespace(timeout_config=SimpleNamespace(orchestrator_timeout_seconds=timeout))
        self.display, self.emitter = SimpleDisplay(), Emitter()
        self.coordination_ui = SimpleNamespace(display=self.display)

    @property
    def lines(self):
        return self.display.lines


@pytest.fixture
def watched(monkeypatch):
    """Makes an orchestrator that is watched."""
    kept = []

    def make(*names, **more):
        made = Orchestrator(*names, **more)
        monkeypatch.setattr(stage, "_emitter", lambda: made.emitter)
        monkeypatch.setattr(stage, "_folder", lambda: None)
        stage.watch(made)
        kept.append(made)
        return made

    yield make
    kept.clear()
    gc.collect()


@pytest.fixture
def informed(monkeypatch):
    lines = []
    monkeypatch.setattr(reports, "inform", lines.append)
    return lines


class Process:
    """Tells of events as :class:`LiveView` does."""

    def __init__(self):
        self.names, self.tracker = Names(), Tracker()
        self.announcer = Announcer(self.names)

    def tell(self, event, now=NOW):
        self.announcer.changed(self.tracker.note(event, now), now)
        self.announcer.tick(self.tracker.waiting(), now)


@pytest.fixture
def process(said, informed):
    return Process()


def wait(seconds, agent_id="a0", call=1, place=0, **more):
    limit = "4 requests per minute"
    said = f"massgen-plugins: waiting about {seconds:g} s."
    return CallWaits(POOL, agent_id, seconds, place, said, "run1", call, limit, "limit", **more)


def admitted(waited, agent_id="a0", call=1):
    return CallAdmitted(POOL, agent_id, "run1", call, waited, 1)


def test_a_long_wait_is_seen_from_its_beginning_to_its_end(process, watched, said, informed):
    orchestrator, other = watched("a0"), watched("b0")
    process.tell(wait(61, place=2))
    process.tell(admitted(60.6), NOW + 61)
    assert orchestrator.lines == [
        ("a0", "⏳ 1:01, 3rd in line · 4 requests/min"),
        ("a0", "▶ goes on after 1:01"),
    ]
    assert orchestrator.emitter.statuses == orchestrator.lines
    assert other.lines == []
    assert said == []  # it is in the display
    assert informed[0] == "massgen-plugins: waiting about 61 s. (a0)"


def test_programs_read_fields(process, watched):
    orchestrator = watched("a0")
    process.tell(wait(61, place=2))
    process.tell(admitted(60.6), NOW + 61)
    (begun, over) = orchestrator.emitter.events
    more = {
        "agent_id": "a0",
        "model": "gemini-2.5-flash",
        "limit": "4 requests per minute",
        "reason": "limit",
    }
    times = {"seconds": 61.0, "until": NOW + 61, "place": 3}
    assert begun == ("backend_status", {"kind": "quota_wait", **times, **more})
    assert over == ("backend_status", {"kind": "quota_wait_over", "seconds": 60.6, "sent": True, **more})


def test_a_short_wait_is_only_a_line_in_the_log_file(process, watched, said, informed):
    orchestrator = watched("a0")
    process.tell(wait(3))
    process.tell(admitted(3), NOW + 3)
    assert (said, orchestrator.lines, orchestrator.emitter.events) == ([], [], [])
    assert len(informed) == 1


def test_a_wait_that_becomes_long_is_shown(process, watched):
    orchestrator = watched("a0")
    process.tell(wait(3))
    process.tell(wait(60, again=True), NOW + 2)
    assert orchestrator.lines == [("a0", "⏳ 1:00 · 4 requests/min")]


def test_a_pause_is_shown_however_long_it_may_be(process, watched):
    orchestrator = watched("a0")
    process.tell(CallWaits(POOL, "a0", 1, 0, "...", "run1", 1, "", "paused"))
    assert orchestrator.lines == [("a0", "⏳ paused; massgen-rl resume ends it")]


def test_a_call_that_does_not_leave_says_nothing_more(process, watched):
    orchestrator = watched("a0")
    process.tell(wait(60))
    process.tell(CallTurnedAway(POOL, "a0", "...", "run1", 1), NOW + 5)
    assert len(orchestrator.lines) == 1
    assert orchestrator.emitter.events[-1][1]["sent"] is False


def test_massgens_own_timeout_is_named_when_it_will_win(process, watched, said):
    orchestrator = watched("a0", timeout=60)
    process.tell(wait(42))
    assert said == []
    process.tell(wait(600, call=2))
    assert "orchestrator_timeout_seconds ends the run in 1 min" in said[0]
    assert len(orchestrator.lines) == 2


def test_a_call_without_an_agent_is_a_warning(process, said):
    process.tell(wait(42, None))
    (line,) = said
    assert "waiting about 42 s" in line
    assert line.endswith("(a background call)")


def test_where_no_display_is_known_it_is_a_warning(process, watched, said):
    watched("a0").coordination_ui.display = object()
    process.tell(wait(42))
    assert len(said) == 1


def test_no_channel_can_break_the_others(process, watched, informed):
    def fail(*args, **more):
        raise RuntimeError("a display that is gone")

    orchestrator = watched("a0")
    orchestrator.emitter.emit_status = orchestrator.display.update_agent_content = fail
    orchestrator.config = None
    for call in range(3):
        process.tell(wait(42, call=call))
    assert len(orchestrator.emitter.events) == 3
    assert sum("could not be shown" in line for line in informed) == 1


def test_names_can_be_hidden(process, watched, informed):
    process.names.hidden = True
    orchestrator = watched("alice")
    process.tell(wait(42, "alice"))
    assert orchestrator.lines[0][0] == "alice"  # for MassGen, whose panel it is
    assert informed[0].endswith("(#1)")
    assert "alice" not in informed[0]


def test_two_runs_with_agents_of_the_same_names_are_kept_apart(process, watched):
    class Backend:
        pass

    first, second = watched("a0"), watched("a0")
    for run, orchestrator in (("run1", first), ("run2", second)):
        orchestrator.agents["a0"].backend = Backend()
        stage.assign(orchestrator.agents["a0"].backend, run)
    process.tell(wait(42))
    assert (len(first.lines), len(second.lines)) == (1, 0)


def test_massgens_loop_is_where_its_events_are_emitted(watched, process):
    """Its web page sends what it hears of by tasks of the loop that runs."""
    loops = []

    async def run():
        orchestrator = watched("a0")
        orchestrator.emitter.emit_raw = lambda *_, **__: loops.append(asyncio.get_running_loop())
        await asyncio.to_thread(process.tell, wait(42))
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    running = asyncio.run(run())
    assert loops == [running]


def test_a_loop_that_has_ended_is_no_trouble(watched, process):
    async def begin():
        return watched("a0")

    orchestrator = asyncio.run(begin())
    process.tell(wait(42))
    assert len(orchestrator.emitter.events) == 1
