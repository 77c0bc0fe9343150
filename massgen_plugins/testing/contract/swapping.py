"""Load and swap: writes are atomic and readable; a stale writer writes nothing."""

from __future__ import annotations

from massgen_plugins.testing.contract.stand import Check, Stand

__all__ = ["CHECKS"]

_BYTES = bytes(range(256)) + b"\n\x00"


def an_unknown_domain_has_no_version(stand: Stand) -> None:
    """It has no parts either."""
    assert stand.store.load("nobody", 0, patient=True) == (0, {})


def what_was_written_is_read(stand: Stand) -> None:
    """Byte for byte."""
    assert stand.store.swap("domain", 0, 1, {"book": _BYTES, "queue": b""}, patient=True) is None
    version, parts = stand.store.load("domain", 0, patient=True)
    assert (version, dict(parts)) == (1, {"book": _BYTES, "queue": b""})
    assert stand.store.domains() == ["domain"]


def only_what_is_newer_is_read(stand: Stand) -> None:
    """Loading from a known version returns only the parts written after it."""
    stand.store.swap("domain", 0, 1, {"a": b"1", "b": b"1"}, patient=True)
    stand.store.swap("domain", 1, 2, {"b": b"2"}, patient=True)
    assert stand.store.load("domain", 1, patient=True) == (2, {"b": b"2"})
    assert stand.store.load("domain", 2, patient=True) == (2, {})


def a_stale_writer_writes_nothing_and_is_told_what_is_newer(stand: Stand) -> None:
    """A failed compare-and-swap returns the newer parts."""
    stand.store.swap("domain", 0, 1, {"a": b"1"}, patient=True)
    stand.store.swap("domain", 1, 2, {"a": b"2"}, patient=True)
    assert stand.store.swap("domain", 1, 2, {"a": b"3", "c": b"3"}, patient=True) == (2, {"a": b"2"})
    assert stand.store.load("domain", 0, patient=True) == (2, {"a": b"2"})


def a_second_beginner_is_told_of_the_first(stand: Stand) -> None:
    """Two processes create the same domain at once."""
    stand.store.swap("domain", 0, 1, {"a": b"1"}, patient=True)
    assert stand.store.swap("domain", 0, 1, {"a": b"2"}, patient=True) == (1, {"a": b"1"})


def a_version_may_jump(stand: Stand) -> None:
    """Restoring a lost domain continues from the highest version known."""
    assert stand.store.swap("domain", 0, 58, {"a": b"1"}, patient=True) is None
    version, parts = stand.store.load("domain", 57, patient=True)
    assert (version, dict(parts)) == (58, {"a": b"1"})


def who_knows_a_higher_version_is_told_everything(stand: Stand) -> None:
    """The domain was lost and recreated in the meantime."""
    stand.store.swap("domain", 0, 1, {"a": b"1"}, patient=True)
    version, parts = stand.store.load("domain", 57, patient=True)
    assert (version, dict(parts)) == (1, {"a": b"1"})


def domains_do_not_touch_each_other(stand: Stand) -> None:
    """Each domain has its own version."""
    stand.store.swap("one", 0, 5, {"a": b"1"}, patient=True)
    assert stand.store.swap("two", 0, 1, {"a": b"2"}, patient=True) is None
    assert stand.store.load("one", 0, patient=True) == (5, {"a": b"1"})


def a_deleted_part_is_gone(stand: Stand) -> None:
    """The others stay."""
    stand.store.swap("domain", 0, 1, {"a": b"1", "b": b"1"}, patient=True)
    assert stand.store.swap("domain", 1, 2, {"a": None, "never": None}, patient=True) is None
    assert stand.store.load("domain", 0, patient=True) == (2, {"b": b"1"})


def within_a_turn_one_reads_what_one_has_written(stand: Stand) -> None:
    """Whether or not a turn is a single transaction."""
    with stand.store.turn(patient=True):
        assert stand.store.swap("domain", 0, 1, {"a": b"1"}, patient=True) is None
        assert stand.store.load("domain", 0, patient=True) == (1, {"a": b"1"})
    assert stand.store.load("domain", 0, patient=True) == (1, {"a": b"1"})


def the_clock_goes_on(stand: Stand) -> None:
    """The store's clock advances by as much as real time."""
    before = stand.store.tick()
    stand.advance(61)
    assert 60.9e9 < stand.store.tick() - before < 62e9


CHECKS: tuple[Check, ...] = (
    an_unknown_domain_has_no_version,
    what_was_written_is_read,
    only_what_is_newer_is_read,
    a_stale_writer_writes_nothing_and_is_told_what_is_newer,
    a_second_beginner_is_told_of_the_first,
    a_version_may_jump,
    who_knows_a_higher_version_is_told_everything,
    domains_do_not_touch_each_other,
    a_deleted_part_is_gone,
    within_a_turn_one_reads_what_one_has_written,
    the_clock_goes_on,
)
