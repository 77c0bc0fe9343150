"""The thread that works for event loops: what can wait is done once, and nothing ends it."""

from __future__ import annotations

import threading

import pytest

from massgen_plugins.rate_limit.stores.worker import AtOnce, WorkerThread


def test_a_chore_that_fails_does_not_end_the_thread() -> None:
    failed, worker = threading.Event(), WorkerThread("test")

    def chore() -> None:
        failed.set()
        raise RuntimeError

    worker.remind(chore)
    assert failed.wait(5)
    assert worker.submit(lambda: "done").result(5) == "done"


def test_a_job_that_fails_is_handed_to_whoever_waits() -> None:
    worker = WorkerThread("test")
    with pytest.raises(ZeroDivisionError):
        worker.submit(lambda: 1 / 0).result(5)
    assert worker.submit(lambda: 2).result(5) == 2


def test_a_chore_that_is_reminded_of_often_is_hardly_ever_done_twice() -> None:
    begun, done, worker = threading.Event(), [], WorkerThread("test")

    def chore() -> None:
        done.append(1)
        begun.set()

    for _ in range(100):
        worker.remind(chore)
    assert begun.wait(5)
    worker.submit(lambda: None).result(5)
    assert 1 <= len(done) < 10  # more than once only if the machine stood still in between


def test_jobs_are_done_in_their_order() -> None:
    done, worker = [], WorkerThread("test")
    last = [worker.submit(lambda number=number: done.append(number)) for number in range(50)][-1]
    last.result(5)
    assert done == list(range(50))


def test_without_a_thread_chores_wait_until_they_are_done() -> None:
    done, worker = [], AtOnce()

    def chore() -> None:
        done.append(1)

    worker.remind(chore)
    worker.remind(chore)
    assert worker.submit(lambda: 3).result(0) == 3
    assert done == []
    worker.do_chores()
    assert done == [1]
