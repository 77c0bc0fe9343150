"""What budgets say: nothing that makes MassGen try again or compress a conversation, asked of it."""

from __future__ import annotations

import itertools
import warnings

import pytest

from massgen_plugins.budget import messages
from massgen_plugins.budget.messages import Level, dollars
from massgen_plugins.budget.pricing import Bound
from massgen_plugins.budget.terms import Scope, Terms
from massgen_plugins.errors import CallRefused

from .bench import DOMAIN, NOON

BLOCK = {
    "budget": {
        "run": 2,
        "day": 1,
        "month": 3,
        "agents": {"a": 1},
        "accounts": {"openai": {"day": 1, "month": 2}},
    }
}


def sentences() -> list[str]:
    budgets = Terms(BLOCK).budgets(Scope(DOMAIN, "run1", "a"), NOON)
    assert len(budgets) == 6
    found = [messages.unknown_price_message("openai", "m"), messages.uncounted_message("openai", "m")]
    for budget, resets, exact in itertools.product(budgets, (None, NOON + 3600), (True, False)):
        level = Level(budget, 2_000_000, 1_500_000, resets)
        found += [
            messages.spent_message(level, "gpt-5.4", Bound(30_000, exact), {"a": 1, "b": 2}, NOON),
            messages.mark_message(level, 80, NOON),
            messages.cheaper_message(level, "a", "gpt-5.4", "gpt-5.4-mini"),
        ]
    return found


@pytest.fixture(scope="module")
def reasons():
    """Whether MassGen would try again, and whether it would compress the conversation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from massgen.backend._context_errors import is_context_length_error
        from massgen.backend.gemini import BackoffConfig, _is_retryable_gemini_error
    statuses = BackoffConfig().retry_statuses
    return lambda error: (_is_retryable_gemini_error(error, statuses)[0], is_context_length_error(error))


def test_massgen_takes_none_for_a_reason_to_try_again(reasons):
    for sentence in sentences():
        for error in (CallRefused(sentence), Exception(sentence)):
            assert reasons(error) == (False, False), sentence


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        (0, "0.00"),
        (1, "0.000001"),
        (150, "0.00015"),
        (12_500, "0.0125"),
        (50_000, "0.05"),
        (2_000_000, "2.00"),
        (1_234_567, "1.23"),
        (1_234_500_000, "1,234.50"),
    ],
)
def test_money_is_never_rounded_to_nothing(micros, shown):
    assert dollars(micros) == shown


def test_the_names_of_the_command_work_for_every_budget():
    budgets = Terms(BLOCK).budgets(Scope(DOMAIN, "run1", "a"), NOON)
    for budget in budgets:
        level = Level(budget, budget.amount or 0, 0, None)
        sentence = messages.spent_message(level, "m", Bound(1, exact=True), {}, NOON)
        key = sentence.split("budget raise ")[1].split("=")[0]
        raised = [{"budget": key, "by": 5, "until": "2026-12-01T00:00:00+00:00"}]
        terms = Terms({"budget": {**BLOCK["budget"], "raised": raised}})
        again = terms.budgets(Scope(DOMAIN, "run1", "a"), NOON)
        assert next(each for each in again if each.name == budget.name).amount == budget.amount + 5_000_000
