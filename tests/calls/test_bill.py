"""The sandbox is the judge: it bills every answer, and its bill is the record's sum, to the last digit."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from massgen_plugins.calls.query import Record
from massgen_plugins.calls.rows import Question
from massgen_plugins.profiles.places import default_store_path
from massgen_plugins.profiles.record import FILE_NAME
from massgen_plugins.sandbox import SandboxConfig, SandboxProcess
from massgen_plugins.sandbox.config import Network
from massgen_plugins.sandbox.prices import Price
from tests.calls.bill_worker import PRICES, ROUTES

PROCESSES, EACH, AT_ONCE = 4, 250, 8
ROOT = Path(__file__).parents[2]


def config(**more):
    names = {"cached": "cached", "cache_write": "written", "input": "input", "output": "output"}
    prices = {
        model: Price(**{names[name]: str(value) for name, value in stated.items()})
        for model, stated in PRICES.items()
    }
    return SandboxConfig(prices=prices, cached_share=0.37, reasoning_tokens=11, seed=5, **more)


def worker(server, store, count=EACH, at_once=AT_ONCE):
    arguments = (server.url, str(store), str(count), str(at_once))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.calls.bill_worker", *arguments], cwd=ROOT, stdout=subprocess.PIPE
    )


def users_record():
    """A run's own store has no say in where calls are recorded."""
    place = default_store_path()
    assert place is not None
    return place.with_name(FILE_NAME)


@pytest.fixture
def store(tmp_path):
    return tmp_path / "quota.sqlite3"


def test_a_thousand_calls_of_four_processes_are_billed_as_they_are_recorded(store):
    with SandboxProcess(config()) as server:
        workers = [worker(server, store) for _ in range(PROCESSES)]
        said = [each.communicate(timeout=500)[0].decode() for each in workers]
        report = server.report()
    assert said == ['{"done": true}'] * PROCESSES
    record = Record(users_record())
    (total,) = record.totals()
    print(f"\nrecord {total.cost}, bill {report.bill} micro-dollars, {total.calls} calls")
    assert (total.calls, total.answered, total.unknown) == (PROCESSES * EACH,) * 2 + (0,)
    assert abs(total.cost - report.bill) < 1
    assert abs(total.cost - report.bill) < total.calls * 1e-6  # what OpenRouter's floating point may cost
    assert len(record.runs()) == PROCESSES
    providers = Counter(route.provider for route in ROUTES)
    assert {each.key["provider"] for each in record.totals(by=["provider"])} == set(providers)


def test_of_a_killed_process_only_what_was_under_way_and_what_just_ended_is_missing(store):
    with SandboxProcess(config(network=Network(latency=0.05))) as server:
        killed = worker(server, store, count=100_000)
        record = Record(users_record())
        deadline = time.monotonic() + 120
        while not (found := record.totals()) or found[0].calls < 100:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        killed.kill()
        killed.wait()
        killed.stdout.close()
        time.sleep(0.3)
        report = server.report()
    (total,) = record.totals(Question(outcome="answered"))
    served = sum(each.served for each in report.requests)
    missing = served - total.calls
    print(f"\n{missing} of {served} calls are missing")
    assert 0 <= missing <= 3 * AT_ONCE
    assert total.cost <= report.bill
