"""What `doctor` says of the programs of CLI agents: their versions, and what was tried with them."""

from __future__ import annotations

import pytest

from massgen_plugins.cli.checks import programs
from massgen_plugins.gateway import PATIENCE


@pytest.fixture
def found(monkeypatch):
    """What is found, by check, where every program is there in the version that was tried."""
    monkeypatch.setattr(programs, "_find", lambda backend: f"/bin/{backend}")
    monkeypatch.setattr(programs, "_version", lambda path: PATIENCE[path.rpartition("/")[2]].tried[0])
    monkeypatch.setattr(programs, "sdk_version", lambda: "0.1.30")
    return lambda: {each.check: each for each in programs.check_programs()}


def test_each_program_is_named_with_its_version_and_what_was_tried(found):
    findings = found()
    for backend, patience in PATIENCE.items():
        finding = findings[f"{backend} agents"]
        assert finding.found == f"{patience.tried[0]} (/bin/{backend}), tried with {patience.tried[0]}"
        assert not finding.cure
    assert "antigravity_cli" in findings["not covered"].found


def test_an_untried_version_is_named_with_what_to_expect(found, monkeypatch):
    monkeypatch.setattr(programs, "_version", lambda _: "9.9.9")
    cure = found()["claude_code agents"].cure
    assert cure.startswith("this version was not tried")
    assert "300 s" in cure


def test_a_program_that_is_missing_is_named(found, monkeypatch):
    monkeypatch.setattr(programs, "_find", lambda _: None)
    assert found()["codex agents"].found == "`codex` is not installed (tried with 0.130.0)"


@pytest.mark.parametrize("sdk", ["1.0.27", "0.1.32", None])
def test_an_sdk_with_which_massgen_does_not_work_is_named_with_its_cure(found, monkeypatch, sdk):
    monkeypatch.setattr(programs, "sdk_version", lambda: sdk)
    finding = found()["copilot agents"]
    assert "cannot work with github-copilot-sdk" in finding.found
    assert "pip install --no-deps github-copilot-sdk==0.1.30" in finding.cure
