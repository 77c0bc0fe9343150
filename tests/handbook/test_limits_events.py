"""The two programs on /limits/events-and-metrics do what the page says."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from massgen_plugins.events import CallWaits, Trouble
from massgen_plugins.quota import Domain, Pool

from .limits_pages import files_of


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
    }
    assert (second["event"], second["message"]) == ("Trouble", "something")


def test_the_exporter_prints_one_line_for_each_number(programs, tmp_path):
    document = {
        "pools": [{"pool": "p", "waiting": 2, "limits": [{"key": "requests/60s", "used": 3, "cap": 9}]}]
    }
    command = tmp_path / "massgen-rl"
    command.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(document)}\nEND\n")
    command.chmod(0o755)
    script = tmp_path / "quota_metrics.py"
    script.write_text(programs["quota_metrics.py"])
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        'massgen_quota_used{pool="p",limit="requests/60s"} 3',
        'massgen_quota_cap{pool="p",limit="requests/60s"} 9',
        'massgen_quota_waiting{pool="p"} 2',
    ]
