"""What a process shows of itself while it runs."""

from __future__ import annotations

import threading

import pytest

from massgen_plugins.events import CallAdmitted, CallWaits
from massgen_plugins.host import reports
from massgen_plugins.host.live_view import LiveView
from massgen_plugins.host.run_records import RunRecord
from massgen_plugins.host.ticker import Ticker
from massgen_plugins.live.presence import live_directory, read_all
from massgen_plugins.quota import Domain, Pool

POOL = Pool(Domain("gemini", "mine"), "flash")
WAITS = CallWaits(POOL, "agent_4", 60, 0, "...", "run1", 1, "4 requests per minute", "limit")


@pytest.fixture
def view(said, monkeypatch):
    monkeypatch.setattr(reports, "inform", lambda _: None)
    made = LiveView(said.append)
    yield made
    made.close()


@pytest.fixture
def by_hand(view, monkeypatch):
    """Ticks when the test says so."""
    monkeypatch.setattr(view._ticker, "wake", lambda: None)
    return view


def test_others_see_a_wait_begin_and_end(by_hand):
    by_hand.begin(RunRecord("run1", "/home/u/team.yaml", 0.0))
    by_hand.tell(WAITS)
    assert by_hand._tick()
    (found,) = read_all()
    assert (found.run, found.team.endswith("/team.yaml")) == ("run1", True)
    assert [(each.agent, each.limit) for each in found.waiting] == [("agent_4", "4 requests per minute")]
    by_hand.tell(CallAdmitted(POOL, "agent_4", "run1", 1, 61.0, 1))
    assert not by_hand._tick()
    (found,) = read_all()
    assert (found.waiting, found.counters.calls, found.counters.waited) == ((), 1, 61.0)
    by_hand.close()
    assert read_all() == []


def test_what_cannot_be_written_is_said_once(by_hand, said):
    live_directory().parent.mkdir(parents=True)
    live_directory().write_text("in its place")
    by_hand.tell(WAITS)
    by_hand._tick()
    by_hand._tick()
    assert sum("massgen-rl watch" in line for line in said) == 1


def test_a_ticker_goes_on_for_as_long_as_there_is_something_to_do():
    left, done = [3], threading.Event()

    def tick() -> bool:
        left[0] -= 1
        if not left[0]:
            done.set()
        return left[0] > 0

    ticker = Ticker(tick, "test", period=0.001)
    ticker.wake()
    assert done.wait(10)
    ticker.stop()
    assert left == [0]


def test_a_ticker_that_is_stopped_begins_no_more():
    ticked = threading.Event()
    ticker = Ticker(lambda: bool(ticked.set()), "test")
    ticker.stop()
    ticker.wake()
    assert ticker._thread is None
    assert not ticked.is_set()
