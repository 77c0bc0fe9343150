"""Budgets that cannot suffice are said before the first call."""

from __future__ import annotations

import asyncio
import time

import pytest

from massgen_plugins.budget.before_run import Need, short_budgets
from massgen_plugins.budget.terms import PROVIDER, Scope, Terms
from massgen_plugins.quota import Domain
from massgen_plugins.rate_limit.viewing import view_file

from .bench import DOMAIN, NOON, Bench

NAMES = ("a0", "a1")


def needs(cost=1_000.0, *, calls=2, guessed=False):
    rows = [Need(Scope(DOMAIN, "run1", name), calls, cost, guessed) for name in NAMES]
    return [*rows, Need(Scope(DOMAIN, "run1", None), 1, cost, guessed)]


def said(budget, rows=None, view=None, now=NOON):
    return list(short_budgets(Terms({"budget": {"zone": "UTC", **budget}}), rows or needs(), view, now))


def test_a_budget_of_the_run_that_cannot_suffice():
    (sentence,) = said({"run": 0.004})
    assert sentence == (
        "the budget of this run: 0.004 of 0.004 US dollars are left, and 5 calls take at least 0.005. "
        "It does not reset. `massgen-rl budget raise run=0.001 --for 2h` allows more; "
        "`massgen-rl plan` says what would suffice."
    )


def test_what_earlier_runs_took_is_no_lower_bound():
    (sentence,) = said({"day": 0.004}, needs(guessed=True))
    assert "the budget of the day: 0.004 of 0.004 US dollars are left, and 5 calls take about" in sentence
    assert "begin" not in sentence  # nobody has looked when


def test_an_agents_own_budget_counts_its_own_calls():
    (sentence,) = said({"agents": {"a1": 0.001}})
    assert sentence.startswith("the budget of agent a1 in this run: 0.001 of 0.001")
    assert "2 calls take at least 0.002." in sentence


def test_an_account_counts_calls_of_its_own_only():
    elsewhere = Need(Scope(Domain("gemini", "mine"), "run1", "a2"), 9, 1_000.0)
    (sentence,) = said({"accounts": {"openai": {"day": 0.001}}}, [*needs(), elsewhere])
    assert "5 calls take at least 0.005." in sentence


@pytest.mark.parametrize(
    "budget",
    [{"run": 0.005}, {"run": 0.001, "at": "warn"}, {"warn": [50]}, {"agents": {"another": 0.001}}],
    ids=str,
)
def test_nothing_is_said_if_it_suffices_or_nothing_would_be_refused(budget):
    assert said(budget) == []


def test_an_unknown_price_says_nothing():
    assert said({"run": 0.000001}, needs(0.0)) == []


def test_what_others_have_spent_counts(tmp_path):
    store = tmp_path / "quota.sqlite3"
    budget = {"day": 0.2, "zone": "UTC"}
    bench = Bench.of(budget, store)
    bench.now[0] = time.time()
    asyncio.run(bench.call(1_000))
    bench.limiters.close()
    view = view_file(store, wanted=lambda domain: domain.provider == PROVIDER)
    now = time.time()
    (sentence,) = said(budget, needs(30_000.0), view, now)
    assert sentence.startswith("the budget of the day: 0.10 of 0.20 US dollars are left")
    assert "The next day begins at 00:00 UTC on" in sentence
    assert said(budget, needs(1_000.0), view, now) == []
