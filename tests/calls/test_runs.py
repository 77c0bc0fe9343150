"""Runs have names that no other run has, and are found by them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

from massgen_plugins.calls.runs import begin_run, find_run
from massgen_plugins.host.runs import log_dir


def test_a_name_says_when_and_where_and_is_given_once():
    names = {begin_run(now=1_796_000_000.0).name for _ in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch(rf"\d{{8}}-\d{{6}}-{os.getpid()}(-\d+)?", name) for name in names)


def test_a_run_is_found_by_its_name():
    run = begin_run("team.yaml")
    assert find_run(run.name) is run
    assert run.config_path == "team.yaml"
    assert find_run("another") is None


def test_its_log_directory_is_asked_for_until_it_is_known_and_then_kept():
    answers = [None, Path("/logs/log_1"), Path("/logs/log_2")]
    run = begin_run(find_log_dir=lambda: answers.pop(0))
    assert run.log_dir is None
    assert [run.log_dir, run.log_dir] == [Path("/logs/log_1")] * 2


def test_the_directory_of_the_session_in_this_context_goes_first(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    session = SimpleNamespace(log_base_session_dir=Path("logs/log_a"))
    module = SimpleNamespace(get_current_session=lambda: session, _LOG_BASE_SESSION_DIR=Path("logs/log_b"))
    monkeypatch.setitem(sys.modules, "massgen.logger_config", module)
    assert log_dir() == tmp_path / "logs/log_a"
    module.get_current_session = lambda: None
    assert log_dir() == tmp_path / "logs/log_b"


def test_a_massgen_that_keeps_it_elsewhere_does_no_harm(monkeypatch):
    monkeypatch.setitem(sys.modules, "massgen.logger_config", SimpleNamespace())
    assert log_dir() is None
