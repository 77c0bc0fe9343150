"""The document beside the books: written and read the same, and hostile JSON is a ValueError."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import (
    HELD,
    MINUTE,
    NANOSECONDS,
    Bucket,
    CalendarDay,
    CalendarMonth,
    Limit,
    PoolRules,
)
from massgen_plugins.rate_limit.estimator import Estimates
from massgen_plugins.rate_limit.facts import Facts
from massgen_plugins.rate_limit.penalties import PROBE_NEEDED, Penalties
from massgen_plugins.rate_limit.pool_state import PoolState
from massgen_plugins.rate_limit.wall_clock import ClockSample

ZERO = 10**15
LIMITS = (
    Limit("requests", 9, MINUTE),
    Limit("input_tokens", 240_000, Bucket(MINUTE.length)),
    Limit("requests", 245, CalendarDay("America/Los_Angeles")),
    Limit("cost", 5_000_000, CalendarMonth("UTC")),
    Limit("concurrent", 3, HELD),
)


def full() -> Facts:
    facts = Facts(77)
    learned = {limit.key: limit for limit in LIMITS}
    facts.penalties["pool"] = Penalties(learned, 1, 2, "advice", "quote", 3, "key", 400, 5, PROBE_NEEDED, 6)
    facts.estimates["model"] = Estimates({"input_tokens": [1_000, 900]})
    facts.rules["pool"] = PoolRules(LIMITS, profile="gemini-flash")
    facts.clock = ClockSample(1, 2, 3)
    facts.members = {"process": ZERO}
    return facts


def test_what_is_written_is_what_is_read() -> None:
    again = Facts.restore(full().dump())
    assert vars(again) == vars(full())
    assert Facts.restore(Facts(3).dump()).epoch == 3


def test_processes_that_were_not_seen_for_long_are_members_no_more() -> None:
    facts = Facts()
    for name, seen in (("a", 0), ("b", 500), ("c", 899)):
        facts.register_member(name, seen * NANOSECONDS)
    assert facts.others("c", 899 * NANOSECONDS) == 2
    assert facts.others("c", 900 * NANOSECONDS) == 1
    facts.register_member("c", 1_500 * NANOSECONDS)
    assert facts.members == {"c": 1_500 * NANOSECONDS}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["sliding", "bucket", "day", "month", "held", "UTC", 60_000_000_000]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=25,
)
GOOD = json.loads(full().dump())


def places(value, path=()):
    """The path to every value in a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from places(each, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


PLACES = list(places(GOOD))


@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_value_in_the_place_of_any_other_is_a_value_error_or_facts_that_work(place, value) -> None:
    _works(json.dumps(replaced(GOOD, place, value)).encode())


@given(data=st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_document_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several sentences
        Facts.restore(data)


@given(place=st.sampled_from([path for path in PLACES if path]))
def test_a_document_without_something_is_a_value_error_or_facts_that_work(place) -> None:
    parent = GOOD
    for key in place[:-1]:
        parent = parent[key]
    shorter = parent.copy()
    del shorter[place[-1]]
    _works(json.dumps(replaced(GOOD, place[:-1], shorter)).encode())


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"epoch":' * 100_000, "1" * 5_000, "1e999", "NaN", "\ud800"]
)
def test_extremes_are_value_errors(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several sentences
        Facts.restore(text.encode("utf-8", "surrogatepass"))


def _works(data: bytes) -> None:
    try:
        facts = Facts.restore(data)
    except ValueError:
        return
    Facts.restore(facts.dump())
    facts.others("me", ZERO)
    for penalties in facts.penalties.values():
        pool = PoolState()
        pool.penalties = penalties
        pool.refresh(ZERO)
    for estimates in facts.estimates.values():
        estimates.learn({}, {})
