"""The thread that works for event loops: what can wait is done once, and nothing ends it."""

from __future__ import annotations

import threading

from massgen_plugins.rate_limit.stores.clerk import Clerk


def test_a_chore_that_fails_does_not_end_the_thread() -> None:
    failed = threading.Event()

    def chore() -> None:
        failed.set()
        raise RuntimeError

    clerk = Clerk("test", chore)
    clerk.remind()
    assert failed.wait(5)
    assert clerk.submit(lambda: "done").result(5) == "done"


def test_a_chore_that_is_reminded_of_often_is_hardly_ever_done_twice() -> None:
    begun, done = threading.Event(), []

    def chore() -> None:
        done.append(1)
        begun.set()

    clerk = Clerk("test", chore)
    for _ in range(100):
        clerk.remind()
    assert begun.wait(5)
    clerk.submit(lambda: None).result(5)
    assert 1 <= len(done) < 10  # more than once only if the machine stood still in between
