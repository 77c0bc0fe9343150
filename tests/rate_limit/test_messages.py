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
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, Scope, Sliding
from massgen_plugins.rate_limit import messages
from massgen_plugins.rate_limit.decision import Blocker, Reason

SCOPES = [
    Scope("gemini", "key-1f", model, endpoint)
    for model, endpoint in itertools.product(["gemini-2.5-flash", "gemini-3-pro"], ["", "127.0.0.1:80"])
]
WINDOWS = [MINUTE, Sliding(24 * 3600 * NANOSECONDS), CalendarDay("America/Los_Angeles")]
LIMITS = [Limit(kind, amount, window) for kind in Kind for window in WINDOWS for amount in (2, 240_000)]
ADVICE = [getattr(advice, name) for name in advice.__all__]
RESETS = 2_000_000_000 * NANOSECONDS
SPANS = [0, 42.4, 61, 3_600, 25_500, 86_400]


def sentences():
    for scope in SCOPES:
        yield from of_scope(scope)


def of_scope(scope):
    for limit in LIMITS:
        blocker = Blocker(Reason.LIMIT, 0, limit)
        yield messages.describe_wait(scope, blocker, 42, 3)
        yield messages.day_message(scope, Blocker(Reason.DAY, 0, limit, resets=RESETS), 1.9e9)
        stated = StatedLimit(limit.kind, isinstance(limit.window, CalendarDay), limit.amount)
        yield messages.learned_message(scope, Refusal(RefusalKind.MINUTE, limits=(stated,)))
    for reason in Reason:
        yield messages.describe_wait(scope, Blocker(reason, 0), 4_000, 0)
    yield messages.describe_wait(scope, None, 1, 1)
    yield messages.day_message(scope, Blocker(Reason.DAY, 0, resets=RESETS), 1.9e9)
    for seconds in SPANS:
        yield messages.patience_message(scope, seconds, 900)
    yield messages.size_message(scope, 1_234_567, 240_000)
    yield messages.broken_message(scope)
    yield messages.fault_message(scope, "RuntimeError at rate_limit/limiter.py:1")
    for sentence in [*ADVICE, ""]:
        yield messages.closed_message(scope, sentence)


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
        refusal = CallRefused(messages.size_message(SCOPES[0], number, number))
        assert asked_by_massgen(refusal) == (False, False)


def test_every_function_and_every_advice_is_among_the_sentences():
    spoken = "\n".join(sentences())
    assert all(sentence in spoken for sentence in ADVICE)
    makers = {name for name in messages.__all__ if name.endswith("_message")}
    assert makers == {
        f"{name}_message" for name in ("broken", "closed", "day", "fault", "learned", "patience", "size")
    }


def test_events_print_without_the_words(asked_by_massgen):
    told = [events.ProviderRefused(SCOPES[0], kind, 3.0) for kind in RefusalKind]
    for event in told:
        assert asked_by_massgen(RuntimeError(f"massgen-plugins: {event}")) == (False, False)
    assert {cls.__name__ for cls in vars(events).values() if dataclasses.is_dataclass(cls)} >= {
        "CallTurnedAway",
        "CallWaits",
        "LimitLearned",
        "ProviderRefused",
        "Trouble",
    }
