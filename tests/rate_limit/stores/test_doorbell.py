"""One process wakes another that waits."""

from __future__ import annotations

import threading

from massgen_plugins.rate_limit.stores.doorbell import Doorbell


def test_a_bell_that_is_rung_wakes_its_owner_and_nobody_else() -> None:
    heard, unheard = threading.Event(), threading.Event()
    one, other = Doorbell(heard.set), Doorbell(unheard.set)
    try:
        other.ring(one.port)
        assert heard.wait(10)
        other.ring(other.port)  # whoever is inside need not be woken
        other.ring(0)
        assert not unheard.is_set()
    finally:
        one.close()
        other.close()


def test_a_bell_that_was_closed_is_a_new_one_when_it_is_used_again() -> None:
    heard = threading.Event()
    one, other = Doorbell(heard.set), Doorbell(heard.clear)
    one.ring(other.port)
    one.close()
    one.close()
    other.ring(one.port)
    assert heard.wait(10)
    one.close()
    other.close()
