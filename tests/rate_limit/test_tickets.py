"""The queue that processes share: its order, its leases, and what comes out of a store."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit
from massgen_plugins.rate_limit.moment import NEVER
from massgen_plugins.rate_limit.reservation import NORMAL, URGENT, Ask
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.tickets import PATIENCE, RENEWAL, TICKET_LEASE, Ticket, Tickets
from massgen_plugins.rate_limit.verdict import Reason
from massgen_plugins.testing.contract import Stand

ZERO = 10**15


def ticket(owner: str, arrival: int, pools: tuple[str, ...] = ("pool",), **more) -> Ticket:
    values = {"priority": NORMAL, "seen": ZERO, "until": ZERO, **more}
    return Ticket(owner, f"{len(owner)}", pools, {"requests": 1}, arrival=arrival, **values)


def queue(*tickets: Ticket) -> Tickets:
    made = Tickets()
    for each in tickets:
        made.put(each)
    return made


def ahead(tickets: Tickets, ask: Ask, now: int = ZERO) -> list[str]:
    return [each.owner for each in tickets.ahead_of(ask, "me", now)]


def test_who_came_earlier_is_ahead_and_urgent_calls_are_before_all() -> None:
    tickets = queue(
        ticket("later", 9),
        ticket("b", 3),
        ticket("a", 2),
        ticket("me", 1),
        ticket("urgent", 8, priority=URGENT),
    )
    assert ahead(tickets, Ask(("pool",), {}, 5)) == ["urgent", "a", "b"]
    assert ahead(tickets, Ask(("pool",), {}, 9, URGENT)) == ["urgent"]


def test_only_who_shares_a_pool_is_ahead() -> None:
    tickets = queue(ticket("a", 1, ("one", "account")), ticket("b", 2, ("two",)))
    assert ahead(tickets, Ask(("two", "account"), {}, 5)) == ["a", "b"]
    assert ahead(tickets, Ask(("three",), {}, 5)) == []


def test_who_was_not_seen_has_no_place_and_keeps_its_arrival() -> None:
    tickets, ask = queue(ticket("a", 1)), Ask(("pool",), {}, 5)
    assert ahead(tickets, ask, ZERO + TICKET_LEASE) == ["a"]
    assert ahead(tickets, ask, ZERO + TICKET_LEASE + 1) == []
    tickets.put(ticket("a", 1, seen=ZERO + 2 * TICKET_LEASE))
    assert ahead(tickets, ask, ZERO + 2 * TICKET_LEASE) == ["a"]


def test_who_was_not_seen_for_long_is_forgotten() -> None:
    tickets = queue(ticket("a", 1), ticket("b", 2, seen=ZERO + 3 * TICKET_LEASE))
    assert tickets.drop_old("b", ZERO + 3 * TICKET_LEASE) == set()
    assert tickets.drop_old("b", ZERO + 3 * TICKET_LEASE + 1) == {"a"}
    assert [each.owner for each in tickets] == ["b"]


def test_a_ticket_of_the_future_is_forgotten() -> None:
    """Of a clock that was set back since."""
    tickets = queue(ticket("a", 1, seen=ZERO + 2 * TICKET_LEASE), ticket("b", 2))
    assert tickets.drop_old("b", ZERO) == {"a"}
    assert [each.owner for each in tickets] == ["b"]


def test_nothing_is_kept_of_a_process_that_has_left_and_others_have_time_to_notice() -> None:
    tickets = queue(ticket("me", 1))
    tickets.restore("gone", b"[]")
    assert tickets.drop_old("me", ZERO) == set()
    assert tickets.drop_old("me", ZERO + TICKET_LEASE) == set()
    assert tickets.dump("gone") == b"[]"
    assert tickets.drop_old("me", ZERO + TICKET_LEASE + 1) == {"gone"}
    assert tickets.dump("gone") is None
    assert tickets.owners == {"me"}


def test_processes_leave_one_after_the_other() -> None:
    tickets = queue(ticket("me", 1))
    for number in range(3):
        tickets.restore(f"gone{number}", b"[]")
        tickets.drop_old("me", ZERO + number)
    for number in range(3):
        tickets.drop_old("me", ZERO + TICKET_LEASE + 1 + number)
    assert [tickets.dump(f"gone{number}") for number in range(3)] == [None] * 3


def test_who_is_back_is_kept() -> None:
    tickets = queue(ticket("me", 1))
    tickets.restore("other", b"[]")
    tickets.drop_old("me", ZERO)
    tickets.put(ticket("other", 5))
    assert tickets.drop_old("me", ZERO + TICKET_LEASE + 1) == set()
    assert [each.owner for each in tickets] == ["me", "other"]
    assert tickets.dump("other") != b"[]"


@pytest.mark.parametrize(
    ("other", "stands"),
    [
        ({"until": ZERO + PATIENCE}, True),
        ({"until": ZERO}, True),
        ({"until": ZERO - 1}, False),
        ({"until": ZERO + PATIENCE + 1}, False),
        ({"until": ZERO + PATIENCE, "waiting": 2}, True),
        ({"until": ZERO + PATIENCE, "seen": ZERO + RENEWAL}, False),
        ({"until": ZERO + PATIENCE, "seen": ZERO + NANOSECONDS, "waiting": 2}, False),
        ({"until": ZERO + PATIENCE, "priority": URGENT}, False),
    ],
)
def test_a_ticket_that_says_little_else_is_not_written(other, stands) -> None:
    """To retry later than it promised would say something: nobody would wake its process in between."""
    assert ticket("a", 1, until=ZERO + PATIENCE).stands_for(ticket("a", 1, **other)) is stands


def test_since_when_a_ticket_fits_is_forgotten_when_its_process_says_that_it_still_waits() -> None:
    """It has decided again: else it would be overtaken as soon as it fits once more."""
    tickets = queue(ticket("a", 1))
    tickets.replace(next(iter(tickets)), fits_since=77)
    (marked,) = tickets
    assert not marked.stands_for(ticket("a", 1, seen=marked.seen))
    tickets.put(ticket("a", 1, seen=ZERO + 5))
    assert [each.fits_since for each in tickets] == [0]


def test_a_process_has_one_ticket_for_each_combination_of_pools() -> None:
    tickets = queue(ticket("a", 1), ticket("a", 2), ticket("a", 3, ("other",)))
    assert [each.arrival for each in tickets.of("a")] == [2, 3]
    tickets.drop(ticket("a", 2))
    tickets.drop(ticket("nobody", 2))
    assert [each.arrival for each in tickets.of("a")] == [3]


NUMBERS = st.integers(0, NEVER)
TEXTS = st.text(max_size=9)
TICKETS = st.builds(
    Ticket,
    TEXTS,
    TEXTS,
    st.lists(TEXTS, max_size=3).map(tuple),
    st.dictionaries(TEXTS, st.integers(0, 1 << 39), max_size=3),
    *[NUMBERS] * 6,
)


@given(rows=st.lists(TICKETS, max_size=5))
def test_what_is_written_is_what_is_read(rows: list[Ticket]) -> None:
    tickets = Tickets()
    for row in rows:
        tickets.put(row._replace(owner="owner"))
    written = tickets.dump("owner")
    assert written is not None
    again = queue(ticket("owner", 7, ("old",)), ticket("other", 8))
    again.restore("owner", written)
    assert again.of("owner") == list(tickets)
    assert len(again.of("other")) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)
GOOD = ["owner", "1", ["pool"], {"requests": 1}, 1, 2, 3, 4, 1, 0]


@given(
    data=st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda place, value: json.dumps([[*GOOD[:place], value, *GOOD[place + 1 :]]]).encode(),
        st.integers(0, 9),
        JSON,
    )
)
def test_damage_is_a_value_error_or_a_queue_that_works(data: bytes) -> None:
    tickets = queue(ticket("other", 1))
    try:
        tickets.restore("owner", data)
    except ValueError:
        assert len(list(tickets)) == 1
        return
    tickets.ahead_of(Ask(("pool",), {}, 5), "me", ZERO)
    tickets.restore("owner", tickets.dump("owner") or b"")


@pytest.mark.parametrize("nested", ["[" * 100_000, '{"a":' * 100_000])
def test_nesting_without_end_is_a_value_error(nested: str) -> None:
    with pytest.raises(ValueError, match="queue"):
        Tickets().restore("owner", nested.encode())


def test_who_finds_its_day_spent_behind_others_who_wait_for_a_minute_is_told_so() -> None:
    stand = Stand(MemoryStore(lambda: ZERO, lambda: ZERO, shared=True), lambda _: None)
    day = Limit(Kind.INPUT_TOKENS, 10, CalendarDay("America/Los_Angeles"))
    stand.configure(Limit(Kind.REQUESTS, 1, MINUTE), day)
    assert len(stand.ask({Kind.REQUESTS: 1, Kind.INPUT_TOKENS: 10}, process="one").granted) == 1
    behind = [
        stand.ask({Kind.REQUESTS: 1}, process="two").blocker,
        stand.ask({Kind.INPUT_TOKENS: 1}, process="three").blocker,
    ]
    assert [each.reason for each in behind if each] == [Reason.LIMIT, Reason.UNTIL]
