"""``massgen-rl budget``: what is shown, what is changed, and what is asked before more can be spent."""

from __future__ import annotations

import asyncio
import time

import pytest

from massgen_plugins.cli import budget_names
from massgen_plugins.errors import CallRefused
from massgen_plugins.profiles import load_settings
from massgen_plugins.rate_limit.limiters import Limiters
from tests.budget.bench import Bench, a_call


@pytest.fixture
def spend(store_file):
    """Make calls of a cent each under a ``budget:`` block, as a run of this name."""

    def make(block, calls=1, run="20261130-1-1", agent="a"):
        store_file.parent.mkdir(parents=True, exist_ok=True)
        bench = Bench.of(block, store_file)
        bench.now[0] = time.time()

        async def calls_() -> int:
            passed = 0
            for _ in range(calls):
                try:
                    await bench.call(100, run=run, agent=agent)
                except CallRefused:
                    break
                passed += 1
            return passed

        passed = asyncio.run(calls_())
        Limiters.close(bench.limiters)
        return passed

    return make


def budget():
    return load_settings(None).budget


def test_nothing_yet(rl):
    ran = rl("budget")
    assert ran.code == 0
    assert ran.out.split() == ["Budget", "Spent", "Of", "day", "0.00", "-", "month", "0.00", "-"]


def test_what_each_run_may_cost_is_shown_before_there_is_one(rl):
    rl("budget", "set", "run=2", "agents.a=0.5", "--yes")
    assert "Each run may cost: 2.00 US dollars, agent a 0.50." in rl("budget").out


def test_what_is_spent_is_shown_by_budget_run_and_agent(rl, spend):
    rl("budget", "set", "day=1", "agents.a=0.5")
    spend({"day": 1, "run": 0.05, "agents": {"a": 0.02}}, calls=2)
    spend({"day": 1, "run": 0.05}, calls=1, agent="b")
    rows = {(row["run"], row["name"]): row for row in rl("budget", "show", "--json").document["budgets"]}
    assert rows[None, "day"]["spent"] == 0.03
    assert rows[None, "day"]["amount"] == 1
    assert rows[None, "day"]["resets_at"] > time.time()
    assert rows[None, "month"]["amount"] is None
    run = "20261130-1-1"
    assert (rows[run, "run"]["spent"], rows[run, "run"]["amount"]) == (0.03, 0.05)
    assert (rows[run, "agents.a"]["spent"], rows[run, "agents.a"]["is_spent"]) == (0.02, True)
    shown = rl("budget").out
    assert "run 20261130-1-1" in shown
    assert "0.97 left, until 00:00 on" in shown


def test_quota_is_shown_without_budgets(rl, spend):
    spend({"day": 1})
    assert "budget" not in rl("status").out
    assert '"budget' not in rl("status", "--json").out


def test_check_is_for_scripts(rl, spend):
    assert rl("budget", "check").code == 0
    rl("budget", "set", "day=0.02")
    assert rl("budget", "check").code == 0
    assert spend({"day": 0.02}, calls=5) == 2
    ran = rl("budget", "check")
    assert ran.code == 3
    assert ran.out.startswith("day: 0.02 of 0.02 US dollars, spent")
    assert rl("budget", "check", "month").code == 0
    assert rl("budget", "check", "--run", "20261130-1-1").code == 0


def test_set_writes_what_holds_from_then_on(rl, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("max_wait: 5  # mine\n")
    words = ["run=2", "month=150", "agents.r.d=0.5", "accounts.openai.day=3", "warn=50,90", "zone=UTC"]
    ran = rl("budget", "set", *words, "cheaper.gpt-5.4=gpt-5.4-mini", "at=cheaper", "cheaper_from=70")
    assert ran.code == 0, ran.err
    found = budget()
    assert (found.run, found.month, found.agents, found.warn) == (2, 150, {"r.d": 0.5}, (50, 90))
    assert (found.accounts["openai"].day, found.zone) == (3, "UTC")
    assert (found.at, found.cheaper, found.cheaper_from) == ("cheaper", {"gpt-5.4": "gpt-5.4-mini"}, 70)
    assert settings_file.read_text().startswith("max_wait: 5  # mine\n")
    assert "follow within a second" in ran.out


@pytest.mark.parametrize(
    "word", ["day=11", "day=none", "at=warn", "unknown_price=allow", "agents.a=none", "accounts.x.day=none"]
)
def test_what_allows_more_is_asked_for(rl, word):
    rl("budget", "set", "day=10", "agents.a=1", "accounts.x.day=1")
    before = budget()
    ran = rl("budget", "set", word)
    assert ran.code == 2
    assert "there is no terminal to ask on; add --yes" in ran.err
    assert budget() == before
    assert rl("budget", "set", word, "--yes").code == 0
    assert budget() != before


def test_what_allows_less_is_not_asked_for(rl):
    for words in (["day=10"], ["day=9"], ["month=3", "at=stop"], ["run=1"]):
        assert rl("budget", "set", *words).code == 0
    assert (budget().day, budget().run) == (9, 1)


def test_a_raise_holds_for_a_while_and_asks(rl, spend):
    rl("budget", "set", "run=0.01")
    assert rl("budget", "raise", "5").code == 2
    ran = rl("budget", "raise", "run=0.02", "--for", "30m", "--yes")
    assert ran.code == 0
    assert "0.02 US dollars for run" in ran.out
    (found,) = budget().raised
    assert (found.budget, found.by) == ("run", 0.02)
    assert 1790 < found.ends - time.time() <= 1800
    block = load_settings(None).to_mapping()["budget"]
    assert spend(block, calls=9) == 3
    rl("budget", "raise", "1", "--yes")
    assert [each.budget for each in budget().raised] == ["run", "all"]


def test_the_command_in_the_sentence_works(rl, spend):
    rl("budget", "set", "agents.a=0.01")
    block = load_settings(None).to_mapping()["budget"]
    bench = Bench.of(block)
    with pytest.raises(CallRefused) as caught:
        asyncio.run(bench.middleware.before_call(a_call(most=300)))
    command = str(caught.value).split("`")[1].split()[1:]
    assert rl(*command, "--yes").code == 0
    assert spend(load_settings(None).to_mapping()["budget"], calls=9) == 4


def test_reset_counts_from_zero(rl, spend):
    spend({"day": 0.01}, calls=1)
    spend({"day": 0.01, "run": 0.01}, calls=1, run="20261130-2-2")
    assert rl("budget", "reset", "shared").code == 2
    assert rl("budget", "reset", "shared", "--yes").code == 0
    rows = {(row["run"], row["name"]): row for row in rl("budget", "show", "--json").document["budgets"]}
    assert rows[None, "day"]["spent"] == 0
    assert rows["20261130-1-1", "run"]["spent"] == 0.01
    assert rl("budget", "reset", "20261130-1-1", "--yes").code == 0
    rows = {(row["run"], row["name"]): row for row in rl("budget", "show", "--json").document["budgets"]}
    assert rows["20261130-1-1", "run"]["spent"] == 0
    assert spend({"day": 0.01}, calls=5, run="x") == 1


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["set", "dya=3"], "did you mean 'day'?"),
        (["set", "day"], "write KEY=VALUE, such as day=10"),
        (["set", "day=much"], "expected a number of US dollars"),
        (["set", "warn=80%"], "whole number of percent"),
        (["set", "accounts.openai=5"], "accounts.openai"),
        (["set", "at=cheaper"], "name the cheaper models"),
        (["raise", "much", "-y"], "write dollars"),
        (["raise", "-1", "-y"], ""),
        (["raise", "rnu=1", "-y"], "did you mean 'run'?"),
        (["raise", "1", "--for", "soon", "-y"], "write 90s, 10m"),
        (["raise", "1", "--for", "9999d", "-y"], "at most a year"),
        (["reset", "nobody", "-y"], "there is no run 'nobody'; known are shared."),
        (["check", "dya"], "did you mean 'day'?"),
        (["check", "--run", "nobody"], "no run 'nobody' is known"),
    ],
)
def test_each_mistake_gets_its_sentence(rl, words, part, settings_file):
    ran = rl("budget", *words)
    assert ran.code == 2
    assert part in ran.err
    assert not settings_file.exists()


def test_a_smaller_budget_of_the_project_is_named(rl, tmp_path):
    file = tmp_path / "project" / ".massgen" / "rate_limit.yaml"
    file.parent.mkdir()
    file.write_text("budget: {run: 1}\n")
    assert "here run 1 still applies" in rl("budget", "set", "run=3").err


def test_the_shell_completes_names(rl, spend):
    spend({"day": 1, "accounts": {"openai": {"day": 1}}})
    rl("budget", "set", "accounts.openai.day=1")
    assert budget_names.complete("") == ["day", "month", "accounts.openai.day", "accounts.openai.month"]
    assert budget_names.complete_runs("2") == ["20261130-1-1"]
