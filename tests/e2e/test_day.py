"""A daily limit used up over several runs: the user is told at once, and loses nothing."""

from __future__ import annotations

import re

import pytest
from figures import note
from harness import FLASH, Team, User

from massgen_plugins.sandbox import Network, SandboxConfig, SandboxProcess, per_model

pytestmark = pytest.mark.e2e

RPD = 20
SENTENCE = re.compile(
    rf"massgen-plugins: the daily limit of {RPD} requests for {FLASH} is used up\. "
    r"It resets at \d\d:\d\d \w+ on .+, in .+\. Until then use another model or key, or set "
    r"wait_for_day: true under rate_limit: to wait for it\."
)
RETRY_WORDS = ("429", "503", "rate limit", "quota exceeded", "too many requests", "exhausted")
"""What makes MassGen send a call again; the name of our own setting, ``rate_limit``, is none of them."""


def test_a_day_used_up_over_two_runs(folder):
    team = Team.of(5, rate_limit={"models": {FLASH: {"rpm": "none", "rpd": RPD}}})
    quotas = {FLASH: per_model(tpm=250_000, rpd=RPD)}
    with SandboxProcess(SandboxConfig(quotas=quotas, network=Network(latency=0.3))) as server:
        user = User(folder, server.url)
        first = user.run(team)
        calls_of_first = server.report().arrived
        second = user.run(team)
        third = user.run(team)
        report = server.report()
    remarks = f"{calls_of_first} calls in the first run, the rest in the second, 0 in the third"
    note("20 requests per day, three runs", report, second.completed, remarks=remarks)
    assert (report.arrived, report.refused) == (RPD, 0)
    assert SENTENCE.search(first.stderr) is None
    _told_and_clean(second)
    _told_and_clean(third)
    assert "is used up" not in _final(second)
    assert _final(second).startswith("Answer number ")
    assert not third.answers


def _told_and_clean(result):
    """The user reads our sentence, also as the last words on stderr; no answer and no later turn holds it."""
    said = SENTENCE.findall(result.stderr)
    assert said
    assert said[-1] in result.stderr.splitlines()
    assert not [word for word in RETRY_WORDS if word in said[-1].lower()]
    kept = {**result.answers, **result.history}
    assert not [file for file, text in kept.items() if "massgen-plugins" in text]
    assert "backing off" not in result.log


def _final(result):
    return next(text for file, text in result.answers.items() if "final/" in file)
