"""One process wakes another that waits."""

from __future__ import annotations

import threading

from massgen_plugins.rate_limit.stores.wakeup import WakeUp


def test_it_wakes_its_owner_and_nobody_else() -> None:
    woken, asleep = threading.Event(), threading.Event()
    one, other = WakeUp(woken.set), WakeUp(asleep.set)
    try:
        assert other.wake(one.port)
        assert woken.wait(10)
        assert other.wake(other.port)  # whoever is inside need not be woken
        assert other.wake(0)
        assert not asleep.is_set()
    finally:
        one.close()
        other.close()


def test_whether_somebody_lives_is_told_without_waking_anybody() -> None:
    woken = threading.Event()
    one, other = WakeUp(woken.set), WakeUp(lambda: None)
    port = one.port
    try:
        assert other.lives(port)
        assert not woken.is_set()
    finally:
        one.close()
        other.close()


def test_one_that_was_closed_is_a_new_one_when_it_is_used_again() -> None:
    woken = threading.Event()
    one, other = WakeUp(woken.set), WakeUp(woken.clear)
    other.wake(one.port)
    one.close()
    one.close()
    woken.clear()
    other.wake(one.port)
    assert woken.wait(10)
    one.close()
    other.close()
