"""A budget in real runs: they end at it, keep their answers, and say why in one sentence."""

from __future__ import annotations

import re

import pytest
from figures import note
from harness import FLASH, Team, User

from massgen_plugins.sandbox import Network, SandboxConfig, SandboxProcess
from massgen_plugins.sandbox.prices import Price

pytestmark = pytest.mark.e2e

LITE = "gemini-2.5-flash-lite"
PRICES = {FLASH: Price(input=1, output=4), LITE: Price(input="0.01", output="0.04")}
RUN = 0.05
SENTENCE = re.compile(
    r"massgen-plugins: the budget of this run, 0\.05 US dollars, is (?:used up|not enough for a call .+): "
    r".+ It does not reset\. `massgen-rl budget raise run=0\.05 --for 2h` allows more\."
)


def test_six_agents_end_at_their_budget_and_keep_their_answers(folder):
    result, report = _run(folder, {"run": RUN})
    bill = float(report.bill) / 1e6
    note("budget of 0.05 US dollars", report, result.completed, remarks=f"{bill:.4f} US dollars billed")
    assert 0.5 * RUN < bill <= RUN
    said = SENTENCE.findall(result.stderr)
    assert len(set(said)) == 1
    _clean(result)
    assert _final(result).startswith("Answer number ")


def test_with_cheaper_models_the_same_team_goes_on_and_says_so(folder):
    result, report = _run(folder, {"run": RUN, "cheaper": {FLASH: LITE}})
    bill = float(report.bill) / 1e6
    models = [record.model for record in report.requests]
    lite = models.count(LITE)
    note(
        "the same, with a cheaper model",
        report,
        result.completed,
        remarks=f"{bill:.4f} US dollars billed, {lite} calls of the cheaper model",
    )
    assert 0 < bill <= RUN
    assert 0 < lite < len(models)
    replaced = re.findall(
        rf"agent (\w+) goes on with {LITE}, in place of {FLASH}, as set by at: cheaper", result.log
    )
    assert replaced
    assert len(replaced) == len(set(replaced))
    _clean(result)
    assert _final(result).startswith("Answer number ")


def _run(folder, budget):
    prices = {
        name: {"input": float(price.input), "output": float(price.output)} for name, price in PRICES.items()
    }
    profile = {"fallback": {"rpm": 100_000}, "prices": prices}
    block = {
        "define": [{"provider": "gemini", "profiles": {"priced": profile}}],
        "profile": "priced",
        "budget": budget,
    }
    config = SandboxConfig(prices=PRICES, network=Network(latency=0.3))
    with SandboxProcess(config) as server:
        result = User(folder, server.url).run(Team.of(6, rate_limit=block))
        return result, server.report()


def _clean(result):
    kept = {**result.answers, **result.history}
    assert not [file for file, text in kept.items() if "massgen-plugins" in text]


def _final(result):
    return next(text for file, text in result.answers.items() if "final/" in file)
