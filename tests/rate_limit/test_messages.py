"""No sentence of ours makes MassGen try again or compress a conversation: asked of its own functions."""

from __future__ import annotations

import dataclasses
import itertools
import warnings

import pytest

from massgen_plugins import events
from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.providers.gemini import advice
from massgen_plugins.quota import (
    ACCOUNT_POOL,
    HELD,
    MINUTE,
    NANOSECONDS,
    Bucket,
    CalendarDay,
    CalendarMonth,
    Domain,
    Kind,
    Limit,
    Pool,
    Sliding,
)
from massgen_plugins.rate_limit import messages
from massgen_plugins.rate_limit.verdict import Blocker, Reason

POOLS = [
    Pool(Domain("gemini", "key-1f", endpoint), name)
    for name, endpoint in itertools.product(
        ["gemini-2.5-flash", "gemini-3-pro", ACCOUNT_POOL], ["", "127.0.0.1:80"]
    )
]
WINDOWS = [
    MINUTE,
    Sliding(24 * 3600 * NANOSECONDS),
    Bucket(MINUTE.length),
    CalendarDay("America/Los_Angeles"),
    CalendarMonth("UTC"),
    HELD,
]
LIMITS = [Limit(kind, amount, window) for kind in Kind for window in WINDOWS for amount in (2, 240_000)]
ADVICE = [getattr(advice, name) for name in advice.__all__]
RESETS = 2_000_000_000 * NANOSECONDS
SPANS = [0, 42.4, 61, 3_600, 25_500, 86_400]


def sentences():
    for pool in POOLS:
        yield from of_pool(pool)


def of_pool(pool):
    for limit in LIMITS:
        yield messages.describe_wait(pool, Blocker(Reason.LIMIT, pool.name, 0, limit), 42, 3)
        spent = Blocker(Reason.UNTIL, pool.name, 0, limit, resets=RESETS)
        yield messages.until_message(pool, spent, 1.9e9)
        stated = StatedLimit(limit.kind, limit.window, limit.amount)
        yield messages.learned_message(pool, Refusal(RefusalKind.WINDOW, limits=(stated,)))
    for reason in Reason:
        yield messages.describe_wait(pool, Blocker(reason, pool.name, 0), 4_000, 0)
        yield messages.describe_wait(pool, Blocker(reason, pool.name, 0), 1, 1)
    yield messages.until_message(pool, Blocker(Reason.UNTIL, pool.name, 0, resets=RESETS), 1.9e9)
    for seconds in SPANS:
        yield messages.patience_message(pool, seconds, 900)
    for kind in Kind:
        yield messages.size_message(pool, kind, 300_000, 250_000)
    yield messages.fallback_message(pool, "RuntimeError")
    for sentence in [*ADVICE, ""]:
        yield messages.closed_message(pool, sentence)
        yield messages.call_message(pool, sentence)


@pytest.fixture(scope="module")
def asked_by_massgen():
    """The two questions that MassGen asks of every error, and the statuses that it tries again."""
    with warnings.catch_warnings(record=True):  # MassGen's and its libraries' own are not ours
        warnings.simplefilter("always")
        from massgen.backend._context_errors import is_context_length_error
        from massgen.backend.gemini import BackoffConfig, _is_retryable_gemini_error

    statuses = BackoffConfig().retry_statuses
    return lambda error: (_is_retryable_gemini_error(error, statuses)[0], is_context_length_error(error))


def test_the_questions_are_the_right_ones(asked_by_massgen):
    assert asked_by_massgen(Exception("the rate limit of 3 requests")) == (True, False)
    assert asked_by_massgen(Exception("RESOURCE_EXHAUSTED")) == (False, True)


@pytest.mark.parametrize("sentence", sorted({*sentences(), *ADVICE}))
def test_no_sentence_is_mistaken(asked_by_massgen, sentence):
    for error in (CallRefused(sentence), RuntimeError(sentence), RuntimeError(f"Error: {sentence}")):
        assert asked_by_massgen(error) == (False, False)


def test_numbers_in_a_refusal_are_not_mistaken_for_statuses(asked_by_massgen):
    for number in (429, 503):
        patience = messages.patience_message(POOLS[0], number, number)
        size = messages.size_message(POOLS[0], Kind.INPUT_TOKENS, 300_000 + number, number)
        for sentence in (patience, size):
            assert asked_by_massgen(CallRefused(sentence)) == (False, False)


def test_every_function_and_every_advice_is_among_the_sentences():
    spoken = "\n".join(sentences())
    assert all(sentence in spoken for sentence in ADVICE)
    makers = {name for name in messages.__all__ if name.endswith("_message")}
    assert makers == {
        f"{name}_message" for name in ("call", "closed", "fallback", "learned", "patience", "size", "until")
    }


def test_events_print_without_the_words(asked_by_massgen):
    told = [events.ProviderRefused(POOLS[0], kind, 3.0) for kind in RefusalKind]
    for event in told:
        assert asked_by_massgen(RuntimeError(f"massgen-plugins: {event}")) == (False, False)
    assert {cls.__name__ for cls in vars(events).values() if dataclasses.is_dataclass(cls)} >= {
        "CallTurnedAway",
        "CallWaits",
        "LimitLearned",
        "ProviderRefused",
        "Trouble",
    }
