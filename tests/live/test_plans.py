"""What is known of plans: kept for all processes, dropped when a window is over, nothing of a broken file."""

from __future__ import annotations

import json
import stat

import pytest

from massgen_plugins.host.plan_watch import PlanWatch
from massgen_plugins.live.plans import PlanNote, plans_file, read_plans, write_plans

NOW = 1_796_000_000.0
WEEK = PlanNote("claude_code", "weekly limit", 0.4, NOW + 1_000, NOW)
HOURS = PlanNote("codex", "5-hour limit", 0.9, 0.0, NOW)


def test_processes_add_to_what_others_know(tmp_path):
    file = tmp_path / "state" / "plans.json"
    write_plans([WEEK], NOW, file)
    write_plans([HOURS], NOW, file)
    assert read_plans(NOW, file) == [WEEK, HOURS]
    newer = PlanNote(WEEK.program, WEEK.window, 0.5, WEEK.resets_at, NOW + 5)
    write_plans([newer], NOW, file)
    assert read_plans(NOW, file) == [newer, HOURS]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["plans.json"]


def test_a_window_that_is_over_is_not_shown(tmp_path):
    file = tmp_path / "plans.json"
    write_plans([WEEK, HOURS], NOW, file)
    assert read_plans(NOW + 1_001, file) == [HOURS]
    assert read_plans(NOW + 9 * 86_400, file) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1, null]", b"\xff", b"[" * 100_000, b"[" + b" " * 70_000 + b"]"],
)
def test_a_broken_file_says_nothing(tmp_path, content):
    file = tmp_path / "plans.json"
    file.write_bytes(content)
    assert read_plans(NOW, file) == []


def test_strangers_values_are_harmless(tmp_path):
    file = tmp_path / "plans.json"
    row = {"program": "a\x1b[2J", "window": None, "used": "much", "resets_at": 1e99, "seen": NOW}
    file.write_text(json.dumps([row]))
    assert read_plans(NOW, file) == [PlanNote("a?[2J", "", 0.0, 0.0, NOW)]


def test_what_answers_say_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    watch = PlanWatch(lambda _: None)
    watch.of("codex")(200, {"x-codex-primary-used-percent": "12", "x-codex-primary-window-minutes": "300"})
    watch.close()
    assert json.loads(plans_file().read_text())[0]["used"] == 0.12
