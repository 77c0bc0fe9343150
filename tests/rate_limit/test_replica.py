"""A process's copy of a domain: conflicts, damage, a store that is lost or away, and forks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import MINUTE, NANOSECONDS, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit import replica as replica_module
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.domain_names import domain_name, read_domain_name
from massgen_plugins.rate_limit.stores.memory import MemoryStore

DOMAIN = Domain("gemini", "project")
LIMIT = 12
RULES = PoolRules((Limit(Kind.REQUESTS, LIMIT, MINUTE),), cooldown_mode="off")


class Failing(MemoryStore):
    """Fails as it is told, and lets another writer be quicker."""

    fault: Exception | None = None
    quicker: Callable[[], None] | None = None

    def load(self, *arguments, **options):
        if self.fault is not None:
            raise self.fault
        return super().load(*arguments, **options)

    def swap(self, *arguments, **options):
        if self.fault is not None:
            raise self.fault
        quicker, self.quicker = self.quicker, None
        if quicker is not None:
            quicker()
        return super().swap(*arguments, **options)


class Stage:
    """Processes that share a store."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.said, self.alone_for = 10**15, list[str](), 0.0
        self.store = Failing(lambda: self.now, lambda: self.now + 10**18, shared=True)
        monkeypatch.setattr(replica_module.time, "monotonic", lambda: self.alone_for)

    def process(self, name: str = "process") -> Process:
        return Process(self, DomainReplica(DOMAIN, self.store, name, self.said.append))

    def retry_time(self) -> None:
        """The store is tried again from now on."""
        self.alone_for += 11


class Process:
    def __init__(self, stage: Stage, replica: DomainReplica) -> None:
        self.stage, self.replica = stage, replica
        self.calls: list[Reservation] = []

    def take(self, count: int, *, patient: bool = True) -> int:
        """Make so many calls, as far as they are granted."""
        granted = sum(self._take(patient=patient) for _ in range(count))
        self.stage.now += NANOSECONDS // 100
        return granted

    def _take(self, *, patient: bool) -> bool:
        def decide(state: DomainState, now: Moment) -> object:
            state.configure("pool", RULES, now.tick)
            return state.decide(now, Ask(("pool",), {Kind.REQUESTS: 1}, now.tick))

        verdict = self.replica.transact(decide, patient=patient)
        if isinstance(verdict, Reservation):
            self.calls.append(verdict)
        return isinstance(verdict, Reservation)

    def used(self) -> int:
        def look(state: DomainState, now: Moment) -> int:
            return sum(row.used for row in state.pool("pool").view(now))

        return self.replica.transact(look, patient=True)


@pytest.fixture
def stage(monkeypatch) -> Stage:
    return Stage(monkeypatch)


def test_who_is_slower_decides_again(stage: Stage) -> None:
    one, other = stage.process("one"), stage.process("other")
    one.take(1)
    stage.store.quicker = lambda: other.take(LIMIT - 2)
    assert one.take(3) == 1
    assert one.used() == other.used() == LIMIT


def test_a_change_that_lost_leaves_nothing_behind(stage: Stage) -> None:
    one, other = stage.process("one"), stage.process("other")
    one.take(1)
    stage.store.quicker = lambda: other.take(LIMIT - 1)
    assert one.take(1) == 0
    assert one.used() == LIMIT


def test_a_store_that_never_lets_one_write_is_a_store_that_cannot_be_used(stage: Stage, monkeypatch) -> None:
    one = stage.process()
    one.take(1)
    monkeypatch.setattr(stage.store, "swap", lambda *_, **__: stage.store.load(one.replica.name, 0))
    assert one.take(LIMIT) == LIMIT - 1
    assert "was changed by others in 1000 attempts" in stage.said[0]


@pytest.mark.parametrize("part", ["facts", "queue/one", "book/pool"])
@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[]", b"{}", b"null", b'{"epoch": 1e400}', b"[[1]]\n1234567"]
)
def test_a_damaged_part_is_said_and_written_anew(stage: Stage, part: str, data: bytes) -> None:
    one, other = stage.process("one"), stage.process("other")
    assert one.take(5) == 5
    version, _ = stage.store.load(one.replica.name, 0)
    stage.store.swap(one.replica.name, version, version + 1, {part: data})
    if data == b"[]" and part == "queue/one":
        return  # that is an empty one
    assert one.take(LIMIT) == LIMIT - 5
    assert other.take(1) == 0
    assert [line for line in stage.said if "was damaged" in line]
    assert not one.replica.offline


@pytest.mark.parametrize("kept", [0, 1])
def test_a_store_that_forgets_is_told_again(stage: Stage, kept: int) -> None:
    one, other = stage.process("one"), stage.process("other")
    assert one.take(4) + other.take(3) == one.used() == 7
    stage.store._parts.clear()
    stage.store._versions.clear()
    if kept:  # another process has begun anew meanwhile
        assert stage.process("third").take(2) == 2
    assert one.take(LIMIT) == LIMIT - 7 - 2 * kept
    assert other.take(1) == 0
    assert stage.process("later").used() >= LIMIT


FAULTS = [
    StoreUnavailable("The disk is gone."),
    OSError(5, "Input/output error"),
    ValueError("odd"),
    TypeError("odd"),
    LookupError("odd"),
    ArithmeticError("odd"),
    StoreBusy(),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_process_alone_goes_on_from_its_copy_and_books_it_again_when_it_is_back(
    stage: Stage, fault: Exception
) -> None:
    one = stage.process()
    assert one.take(5) == 5
    stage.store.fault = fault
    assert one.take(4) == 4
    assert one.replica.offline
    stage.store.fault = None
    stage.retry_time()
    assert one.take(LIMIT) == LIMIT - 9
    assert not one.replica.offline
    assert stage.process("other").used() == LIMIT
    assert len(stage.said) == 2
    assert "in memory of this process" in stage.said[0]
    assert "works again" in stage.said[1]
    assert "odd" not in stage.said[0]


def test_who_was_away_is_still_itself_and_says_when_it_went_and_came(stage: Stage) -> None:
    said: list[tuple[bool, str]] = []
    one = Process(
        stage, DomainReplica(DOMAIN, stage.store, "one", print, lambda works, why: said.append((works, why)))
    )
    one.take(1)
    stage.store.fault = FAULTS[0]
    one.take(1)
    stage.store.fault = None
    stage.retry_time()
    one.take(1)
    assert [works for works, _ in said] == [False, True]
    assert one.replica.state.process == "one"
    assert "one" in one.replica.state.facts.members


def test_what_was_forgotten_is_not_given_back(stage: Stage) -> None:
    """A call that was booked before belongs to books that are no more."""
    one = stage.process()
    one.take(3)
    one.replica.forget()
    assert isinstance(one.replica.state.facts.epoch, int)
    assert one.take(2) == 2
    call = one.calls[0]
    call.release()
    one.replica.transact(lambda state, now: state.change(call, call.booking, now), patient=True)
    assert one.used() == 2


def test_a_way_back_that_fails_books_nothing_twice(stage: Stage, monkeypatch) -> None:
    one = stage.process()
    one.take(2)
    stage.store.fault = FAULTS[0]
    one.take(3)
    stage.store.fault = None
    stage.retry_time()
    swap = stage.store.swap
    monkeypatch.setattr(
        stage.store, "swap", lambda *_, **__: (_ for _ in ()).throw(StoreUnavailable("again"))
    )
    one.take(1)
    monkeypatch.setattr(stage.store, "swap", swap)
    stage.retry_time()
    one.take(1)
    assert one.used() == stage.process("other").used() == 7


@pytest.mark.parametrize("processes", [2, 3, 4])
def test_processes_apart_take_an_nth_of_what_was_left_each(stage: Stage, processes: int) -> None:
    all_of_them = [stage.process(f"process {n}") for n in range(processes)]
    for each in all_of_them:
        each.take(1)
    stage.now += NANOSECONDS
    for each in all_of_them:
        each.used()
    stage.store.fault = FAULTS[0]
    left = LIMIT - processes
    granted = [each.take(LIMIT) for each in all_of_them]
    assert granted == [left // processes] * processes
    stage.store.fault = None
    stage.retry_time()
    assert sum(each.take(LIMIT) for each in all_of_them) == left - sum(granted)
    assert all_of_them[0].used() == LIMIT


def test_who_is_back_first_does_not_take_what_others_may_have_used(stage: Stage) -> None:
    one, other = stage.process("one"), stage.process("other")
    assert one.take(1) + other.take(1) == one.used() == 2
    stage.store.fault = FAULTS[0]
    assert one.take(2) == 2
    assert other.take(LIMIT) == 5
    stage.store.fault = None
    stage.retry_time()
    assert one.take(LIMIT) == 3
    assert other.take(LIMIT) == 0
    stage.now += 70 * NANOSECONDS
    assert one.take(LIMIT) == LIMIT


def test_a_share_ends_when_the_others_stay_away(stage: Stage) -> None:
    one, other = stage.process("one"), stage.process("other")
    assert one.take(1) + other.take(1) == one.used() == 2
    stage.store.fault = FAULTS[0]
    one.take(1)
    stage.store.fault = None
    stage.retry_time()
    stage.now += 65 * NANOSECONDS
    assert one.take(LIMIT) == LIMIT // 2
    stage.now += 71 * NANOSECONDS
    assert one.take(LIMIT) == LIMIT


def test_a_store_that_could_not_be_used_at_first_is_told_once_of_what_was_spent(stage: Stage) -> None:
    stage.store.fault = FAULTS[0]
    one = stage.process()
    assert one.take(3) == 3
    stage.store.fault = None
    stage.retry_time()
    assert one.used() == 3
    assert one.take(1) == 1
    assert stage.process("other").used() == 4


def test_what_another_process_spends_while_one_comes_back_is_counted_once(stage: Stage) -> None:
    one, other = stage.process("one"), stage.process("other")
    one.take(2)
    stage.store.fault = FAULTS[0]
    one.take(3)
    stage.store.fault = None
    stage.retry_time()
    stage.store.quicker = lambda: other.take(2)
    one.take(1)
    assert one.used() == other.used() == 8


def test_what_is_given_back_by_a_process_alone_is_given_back_when_it_is_back(stage: Stage) -> None:
    one = stage.process()
    one.take(2)
    stage.store.fault = FAULTS[0]
    one.take(3)
    call = one.calls[-1]
    call.attach(lambda: stage.now, one.replica.moment, lambda _: None)
    call.release()
    released = call.booking
    one.replica.transact(lambda state, now: state.change(call, released, now), patient=True)
    call.booked = released
    stage.store.fault = None
    stage.retry_time()
    assert stage.process("other").used() == 2
    assert one.used() == 4


def test_an_impatient_thread_never_finds_out_whether_a_store_works_again(stage: Stage) -> None:
    one = stage.process()
    with pytest.raises(StoreBusy):  # the first look may take long
        one.take(1, patient=False)
    one.take(1)
    assert one.take(1, patient=False) == 1
    stage.store.fault = FAULTS[0]
    one.take(1)
    stage.store.fault = None
    assert one.take(1, patient=False) == 1  # by itself, until it is time
    stage.retry_time()
    with pytest.raises(StoreBusy):
        one.take(1, patient=False)
    assert one.replica.offline


def test_a_busy_store_is_waited_for_by_nobody_impatient_and_nothing_has_happened(stage: Stage) -> None:
    one = stage.process()
    one.take(1)
    stage.store.fault = StoreBusy()
    with pytest.raises(StoreBusy):
        one.take(1, patient=False)
    stage.store.fault = None
    assert one.used() == 1


def test_a_fault_of_the_work_itself_is_no_fault_of_the_store(stage: Stage) -> None:
    one = stage.process()
    one.take(3)

    def fails(state: DomainState, now: Moment) -> None:
        state.decide(now, Ask(("pool",), {Kind.REQUESTS: 1}, now.tick))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        one.replica.transact(fails, patient=True)
    assert one.take(LIMIT) == LIMIT - 3


def test_a_forked_child_goes_on_with_what_is_written(stage: Stage) -> None:
    """What the parent was in the middle of is not done."""
    parent = stage.process("parent")
    parent.take(2)
    verdict = parent.replica.state.decide(
        parent.replica.moment(), Ask(("pool",), {Kind.REQUESTS: 1}, stage.now)
    )
    assert isinstance(verdict, Reservation)
    parent.replica.forked("child")
    assert parent.used() == 2
    assert parent.take(LIMIT) == LIMIT - 2
    names = parent.replica.state.facts.members
    assert "child" in names


@pytest.mark.parametrize(
    "domain", [DOMAIN, Domain("a\tb", "c\\t", "d\\"), Domain("", "\t", "\\\\"), Domain("é", "🔑", "host:80")]
)
def test_a_domains_name_can_be_read_back(domain: Domain) -> None:
    assert read_domain_name(domain_name(domain)) == domain


def test_what_is_no_name_is_none() -> None:
    assert read_domain_name("nobody") is None
