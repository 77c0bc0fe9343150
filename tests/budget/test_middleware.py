"""Budgets in one process: never above them, a sentence when they are spent, marks said once."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from massgen_plugins.errors import CallRefused
from massgen_plugins.events import BudgetMark, ModelReplaced, Trouble
from massgen_plugins.middleware import CallOutcome, Refusal, RefusalKind, Usage
from massgen_plugins.quota import Charge, Domain, Kind

from .bench import MINI, MODEL, Bench, a_call

CENT = 0.01


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory" if request.param == "memory" else str(tmp_path / "quota.sqlite3")


async def spend(bench: Bench, calls: int, used: int = 100, **how: object) -> int:
    """Make so many calls, one after another; how many were let through."""
    passed = 0
    for _ in range(calls):
        try:
            await bench.call(used, **how)
        except CallRefused:
            continue
        passed += 1
    return passed


async def refusal(bench: Bench, **how: object) -> CallRefused:
    with pytest.raises(CallRefused) as caught:
        await bench.middleware.before_call(a_call(**how))
    return caught.value


def test_no_budget_asks_nobody() -> None:
    bench = Bench.of({})
    assert asyncio.run(spend(bench, 1000)) == 1000
    assert not bench.limiters._by_store


@pytest.mark.parametrize("name", ["run", "day", "month"])
def test_exactly_what_is_allowed_is_spent(store: str, name: str) -> None:
    bench = Bench.of({name: 10 * CENT}, store)  # 10 calls of 100 tokens
    assert asyncio.run(spend(bench, 20)) == 10


def test_what_was_reserved_and_not_used_is_given_back(store: str) -> None:
    bench = Bench.of({"run": 10 * CENT}, store)
    assert asyncio.run(spend(bench, 200, used=10)) == 91  # the last one that fits leaves 900 tokens spent


def test_calls_under_way_count_in_full(store: str) -> None:
    bench = Bench.of({"run": 3 * CENT}, store)

    async def together() -> list[object]:
        return await asyncio.gather(
            *(bench.middleware.before_call(a_call()) for _ in range(10)), return_exceptions=True
        )

    outcomes = asyncio.run(together())
    assert sum(outcome is None for outcome in outcomes) == 3
    assert all(outcome is None or isinstance(outcome, CallRefused) for outcome in outcomes)


def test_a_call_that_is_larger_than_its_whole_budget_never_leaves(store: str) -> None:
    bench = Bench.of({"run": 3 * CENT}, store)
    error = asyncio.run(refusal(bench, most=301))
    assert "not enough for a call to gpt-5.4" in str(error)
    assert asyncio.run(spend(bench, 1, most=300)) == 1


def test_an_agents_budget_is_its_own(store: str) -> None:
    bench = Bench.of({"agents": {"a": 2 * CENT}}, store)
    assert asyncio.run(spend(bench, 5, agent="a")) == 2
    assert asyncio.run(spend(bench, 5, agent="b")) == 5
    assert asyncio.run(spend(bench, 5, agent="a", run="run2")) == 2


def test_an_accounts_budget_is_that_of_its_provider_or_name(store: str) -> None:
    bench = Bench.of({"accounts": {"my-project": {"day": 2 * CENT}, "anthropic": {"month": CENT}}}, store)
    assert asyncio.run(spend(bench, 5)) == 2
    assert asyncio.run(spend(bench, 5, domain=Domain("openai", "another"))) == 5
    assert asyncio.run(spend(bench, 5, domain=Domain("anthropic", "key-1"))) == 1


def test_a_call_in_several_budgets_is_booked_in_all_or_none(store: str) -> None:
    bench = Bench.of({"day": 100 * CENT, "run": 2 * CENT}, store)
    assert asyncio.run(spend(bench, 50)) == 2
    # What the run refused is not left behind in the day.
    assert asyncio.run(spend(bench, 100, run="run2", most=1, used=1)) == 100
    bench.change({"day": 5 * CENT})
    assert asyncio.run(spend(bench, 10, run="run3")) == 2


def test_what_the_provider_refused_or_never_got_costs_nothing(store: str) -> None:
    bench = Bench.of({"run": CENT}, store)
    refused = CallOutcome(429, Refusal(RefusalKind.WINDOW))

    async def tries() -> None:
        for outcome in (refused, CallOutcome(500), CallOutcome(0, sent=False)):
            call = a_call()
            await bench.middleware.before_call(call)
            await bench.middleware.after_call(call, outcome)
            bench.end(call, None)

    asyncio.run(tries())
    assert asyncio.run(spend(bench, 5)) == 1


def test_an_answer_without_usage_stays_spent_in_full(store: str) -> None:
    bench = Bench.of({"run": 2 * CENT}, store)

    async def lost() -> None:
        await bench.call(None)

    asyncio.run(lost())
    assert asyncio.run(spend(bench, 5)) == 1


def test_the_first_report_of_a_stream_gives_nothing_back(store: str) -> None:
    bench = Bench.of({"run": CENT}, store)

    async def stream() -> None:
        call = a_call()
        await bench.middleware.before_call(call)
        await bench.middleware.after_call(call, CallOutcome(200))
        bench.middleware.on_usage(call, Usage({Kind.OUTPUT_TOKENS: 1}))
        await refusal(bench, most=50)
        bench.end(call, 40)

    asyncio.run(stream())
    assert asyncio.run(spend(bench, 5, most=60, used=60)) == 1


def test_the_sentence_says_which_how_much_by_whom_and_what_to_do(store: str) -> None:
    bench = Bench.of({"run": 5 * CENT}, store)
    asyncio.run(spend(bench, 3, agent="a"))
    asyncio.run(spend(bench, 2, agent="b"))
    first = asyncio.run(refusal(bench, agent="b"))
    assert str(first) == (
        "massgen-plugins: the budget of this run, 0.05 US dollars, is used up: 0.05 is spent (a 0.03, "
        "b 0.02), and this call to gpt-5.4 could cost 0.01. It does not reset. "
        "`massgen-rl budget raise run=0.05 --for 2h` allows more."
    )
    assert first.resets_at is None
    assert str(asyncio.run(refusal(bench, agent="a", most=7))) == str(first)  # one sentence for all agents


def test_a_day_begins_anew_and_says_when() -> None:
    bench = Bench.of({"day": CENT, "zone": "Europe/Berlin"})
    asyncio.run(spend(bench, 1))
    error = asyncio.run(refusal(bench))
    assert "the budget of the day, 0.01 US dollars, is used up" in str(error)
    assert "The next day begins at 00:00 CE" in str(error)
    assert error.resets_at is not None


def test_without_a_bound_twice_what_was_learned_is_reserved(store: str) -> None:
    bench = Bench.of({"run": 100 * CENT}, store)

    async def run() -> list[str]:
        first = await refusal(bench, most=None, tokens=100_000)
        for _ in range(3):
            await bench.call(50, most=None)
        rest = await asyncio.gather(
            *(bench.middleware.before_call(a_call(most=None)) for _ in range(200)), return_exceptions=True
        )
        return [str(first), *(str(each) for each in rest if each is not None)]

    first, *rest = asyncio.run(run())
    assert "is expected to cost up to 1.10" in first  # 100,000 tokens in, 2 x 500 out
    # 1.5 cents are spent; each call reserves 2 x 50 tokens, 1 cent.
    assert len(rest) == 200 - 98


def test_marks_are_said_once(store: str) -> None:
    bench = Bench.of({"run": 10 * CENT, "warn": [50, 80]}, store)
    asyncio.run(spend(bench, 10, agent="a"))
    asyncio.run(spend(bench, 10, agent="b"))
    marks = bench.of_kind(BudgetMark)
    assert [mark.percent for mark in marks if isinstance(mark, BudgetMark)] == [50, 80]
    assert "50 % of the budget of this run is spent: 0.05 of 0.10 US dollars." in marks[0].message


def test_warn_refuses_nothing(store: str) -> None:
    bench = Bench.of({"run": 2 * CENT, "at": "warn"}, store)
    assert asyncio.run(spend(bench, 5)) == 5
    assert [mark.percent for mark in bench.of_kind(BudgetMark)] == [50, 100]


def test_an_unknown_price_is_unknown(store: str) -> None:
    bench = Bench.of({"run": CENT}, store)
    assert "there is no known price for secret-model of openai" in str(
        asyncio.run(refusal(bench, model="secret-model"))
    )
    bench.change({"run": CENT, "unknown_price": "allow"})
    assert asyncio.run(spend(bench, 5, model="secret-model")) == 5
    assert any("no budget counts its calls" in event.message for event in bench.of_kind(Trouble))
    assert asyncio.run(spend(bench, 5)) == 1


def test_a_raise_holds_until_its_end(store: str) -> None:
    bench = Bench.of({"run": CENT}, store)
    assert asyncio.run(spend(bench, 5)) == 1
    raised = [{"budget": "run", "by": 0.02, "until": "2026-11-30T14:00:00+00:00"}]
    bench.change({"run": CENT, "raised": raised})
    assert asyncio.run(spend(bench, 5)) == 2
    bench.now[0] += 2.5 * 3600
    assert "used up" in str(asyncio.run(refusal(bench, most=1)))


def test_runs_of_one_name_share_their_budget(store: str) -> None:
    bench = Bench.of({"run": 4 * CENT, "run_id": "parent"}, store)
    assert asyncio.run(spend(bench, 3, run="child1")) == 3
    assert asyncio.run(spend(bench, 3, run="child2")) == 1


def test_a_call_outside_of_any_stream_is_of_the_run_that_used_its_account_last(store: str) -> None:
    bench = Bench.of({"run": 3 * CENT}, store)
    assert asyncio.run(spend(bench, 1)) == 1
    assert asyncio.run(spend(bench, 5, run="", agent=None)) == 2


def test_embeddings_reserve_no_output(store: str) -> None:
    bench = Bench.of({"run": CENT}, store)

    def charges() -> dict[str, Charge]:
        return {Kind.INPUT_TOKENS: Charge(1000), Kind.TOTAL_TOKENS: Charge(1000)}

    assert asyncio.run(spend(bench, 3, used=0, most=None, charges=charges)) == 1


def test_cheaper_models_take_over_at_a_mark_and_say_so(store: str) -> None:
    bench = Bench.of({"run": 10 * CENT, "cheaper": {MODEL: MINI}}, store)
    asyncio.run(spend(bench, 7))
    assert bench.middleware.model_for("a", "run1", MODEL) is None
    asyncio.run(spend(bench, 1))
    asyncio.run(spend(bench, 1, most=1, used=1))
    assert bench.middleware.model_for("a", "run1", MODEL) == MINI
    assert bench.middleware.model_for("a", "run1", MODEL) == MINI
    said = bench.of_kind(ModelReplaced)
    assert len(said) == 1
    assert "agent a goes on with gpt-5.4-mini, in place of gpt-5.4" in said[0].message
    # And the budget still applies.
    assert asyncio.run(spend(bench, 100, model=MINI)) < 20


def test_a_first_call_that_does_not_fit_names_the_model_that_may(store: str) -> None:
    bench = Bench.of({"run": CENT, "cheaper": {MODEL: MINI}}, store)
    error = asyncio.run(refusal(bench, most=500))
    assert error.instead == MINI
    assert bench.middleware.model_for("a", "run1", MODEL) is None  # it has made no call yet
    assert asyncio.run(refusal(bench, most=5000, model=MINI)).instead is None


def test_a_cancelled_call_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench.of({"run": CENT}, str(tmp_path / "quota.sqlite3"))
    store = bench.limiters.at(str(tmp_path / "quota.sqlite3")).store
    monkeypatch.setattr(store, "quick", False)  # as a server that has to be waited for: a thread does it
    swap, answers = store.swap, threading.Event()

    def late(*args: Any, **options: Any) -> Any:
        assert answers.wait(60)
        return swap(*args, **options)

    monkeypatch.setattr(store, "swap", late)

    async def cancelled() -> None:
        for turns in range(40):
            answers.clear()
            task = asyncio.ensure_future(bench.middleware.before_call(a_call()))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            answers.set()
            with suppress(asyncio.CancelledError, CallRefused):
                await task
                raise AssertionError("it was quicker than its cancellation")

    asyncio.run(cancelled())
    assert asyncio.run(spend(bench, 5)) == 1
