"""``status --exit-code`` after a run goes by the limits that the run had, not only by the settings here."""

from __future__ import annotations

import os
import time

import pytest

from massgen_plugins.calls.record_file import RecordFile
from massgen_plugins.quota import CalendarDay, CalendarMonth, Kind, Limit
from tests.cli.conftest import FLASH
from tests.cli.test_history import RUN, call

DAY = CalendarDay("America/Los_Angeles")
TWO_A_DAY = Limit(Kind.REQUESTS, 2, DAY)
SAID = f"{FLASH}: the last run's own limit of 2 requests per day is used up."


@pytest.fixture
def after_run(spend, store_file, tmp_path):
    """A run of two calls that is over, with two requests a day of its own; its YAML is a file, or unknown."""
    team = tmp_path / "team.yaml"

    def make(rpd=2, *, yaml=True, recorded=True, limits=(TWO_A_DAY,)):
        spend(calls=2, limits=limits)
        if yaml:
            team.write_text(f"rate_limit: {{safety_margin: 0, models: {{gemini-2.5-flash: {{rpd: {rpd}}}}}}}")
        if recorded:
            file = RecordFile(store_file.with_name("calls.sqlite3"), 30, 256, print)
            now = time.time()
            file.append([(RUN, str(team) if yaml else "", now - 30, "")], [call(now - 20)])
            file.close()
        return team

    return make


@pytest.mark.parametrize("how", [{}, {"yaml": False}, {"recorded": False}])
def test_the_runs_own_day_counts_though_the_settings_here_allow_more(rl, after_run, how):
    after_run(**how)
    assert "2 / 245" in rl("status").out
    ran = rl("status", "--exit-code")
    assert (ran.code, ran.err) == (3, f"massgen-rl: {SAID}\n")
    assert rl("watch", "--until-idle", "--exit-status").code == 3


def test_what_the_runs_yaml_alone_limits_counts_too(rl, after_run):
    month = Limit(Kind.REQUESTS, 2, CalendarMonth("UTC"))
    after_run(limits=[month], yaml=False)
    ran = rl("status", "--exit-code")
    assert ran.code == 3
    assert "own limit of 2 requests per month is used up" in ran.err


def test_a_yaml_that_was_changed_since_is_read_as_it_is(rl, after_run):
    """Whoever raises the limit of a team may start it again."""
    team = after_run()
    team.write_text("rate_limit: {models: {gemini-2.5-flash: {rpd: 40}}}")
    assert rl("status", "--exit-code").code == 0
    team.unlink()
    assert rl("status", "--exit-code").code == 3


def test_settings_that_were_changed_since_hold(rl, after_run, settings_file):
    """A run without a YAML of its own had those of the settings, and they are others now."""
    after_run(yaml=False)
    assert rl("status", "--exit-code").code == 3
    assert rl("profiles", "set", FLASH.name, "rpd=50").code == 0
    assert rl("status", "--exit-code").code == 0
    before = time.time() - 3_600
    for path in settings_file.parent.rglob("*"):
        os.utime(path, (before, before))
    assert rl("status", "--exit-code").code == 3


def test_a_day_that_is_not_used_up_is_0(rl, after_run):
    after_run(3, limits=[Limit(Kind.REQUESTS, 3, DAY)])
    assert rl("status", "--exit-code").code == 0
    assert rl("status", "--exit-code").err == ""
