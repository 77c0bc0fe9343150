"""The two programs on /limits/events-and-metrics do what the page says."""

from __future__ import annotations

import json

import pytest

from massgen_plugins.events import CallWaits, Trouble
from massgen_plugins.quota import Domain, Pool

from .limits_pages import files_of, text_of


@pytest.fixture(scope="module")
def programs():
    return files_of("events-and-metrics")


def test_the_plugin_writes_every_event_as_a_line(programs, tmp_path, monkeypatch):
    monkeypatch.setenv("LIMIT_EVENTS", str(tmp_path / "events.jsonl"))
    module = {}
    exec(compile(programs["limit_events.py"], "limit_events.py", "exec"), module)
    module["massgen_event"](
        CallWaits(Pool(Domain("gemini", "mine"), "gemini-2.5-flash"), "analyst", 42.0, 1, "waiting")
    )
    module["massgen_event"](Trouble("something"))
    first, second = map(json.loads, (tmp_path / "events.jsonl").read_text().splitlines())
    assert first.pop("time") > 0
    assert first == {
        "event": "CallWaits",
        "pool": "gemini/mine/gemini-2.5-flash",
        "agent_id": "analyst",
        "seconds": 42.0,
        "place": 1,
        "message": "waiting",
        "run": "",
        "call": 0,
        "limit": "",
        "reason": "",
        "again": False,
    }
    assert (second["event"], second["message"]) == ("Trouble", "something")


def test_what_the_page_says_of_automation_is_what_is_printed(capsys):
    from massgen_plugins.host.displays.automation import AutomationDisplay
    from massgen_plugins.host.displays.base import ShownWait
    from massgen_plugins.live.presence import WaitingCall

    call = WaitingCall(1, "", "agent_4", "m", "p", "a", "", 0, 61, 3, "4 requests per minute", "limit")
    wait = ShownWait("agent_4", "agent_4", call)
    AutomationDisplay(None, None).begin(wait, 0)
    AutomationDisplay(None, None).end(wait, 61.0, 61)
    page = text_of("events-and-metrics")
    for line in capsys.readouterr().out.splitlines():
        assert f"`{line}`" in page


def test_every_metric_is_on_the_page():
    from massgen_plugins.metrics.names import COUNTERS, GAUGES

    page = text_of("events-and-metrics")
    assert all(f"`{name}`" in page for name in (*GAUGES, *(f"{name}_total" for name in COUNTERS)))
