"""What the demo says of its runs: the time that the quota demands, and the verdict."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
from rich.console import Console

from massgen_plugins.demo.comparison import Comparison
from massgen_plugins.demo.findings import Findings, seconds_demanded
from massgen_plugins.demo.household import RECORD_VARIABLE, Household
from massgen_plugins.demo.observer import massgen_middleware, read_record
from massgen_plugins.hookspecs import MiddlewareContext
from massgen_plugins.middleware import CallOutcome, ModelCall, Usage
from massgen_plugins.quota import DAY, MINUTE, Charge, Domain, Kind, Limit, PoolRules
from massgen_plugins.sandbox import RequestRecord, SandboxReport

FLASH, PRO = "gemini-2.5-flash", "gemini-2.5-pro"
SECOND = 1_000_000_000


def request(number, model=FLASH, *, refused=False):
    arrived = number * SECOND
    return RequestRecord(
        number,
        arrived,
        "project",
        model,
        model,
        "streamGenerateContent",
        100,
        status=429 if refused else 200,
        counted=not refused,
        refused_by=("a quota",) if refused else (),
        finished_ns=arrived + SECOND // 2,
    )


def findings(**changed):
    values = {
        "requests": 15,
        "refused": 0,
        "completed": 61.0,
        "demanded": 60.5,
        "back_offs": 0,
        "spoilt_answers": 0,
        "spoilt_outputs": 0,
        "counted": {FLASH: 1000},
        "settled": {FLASH: 1000},
        "limited": 15,
    }
    return Findings(**(values | changed))


def compared(**changed):
    return Comparison("an/example", findings(refused=4, limited=0, settled={}), findings(**changed))


@pytest.mark.parametrize(("calls", "seconds"), [(1, 0.5), (9, 0.5), (10, 60.5), (18, 60.5), (19, 120.5)])
def test_time_that_the_quota_demands(calls, seconds):
    report = SandboxReport(tuple(request(number) for number in range(calls)))
    assert seconds_demanded(report, {FLASH: 9}) == seconds


def test_refused_requests_demand_no_time():
    report = SandboxReport(tuple(request(number, refused=number > 8) for number in range(20)))
    assert seconds_demanded(report, {FLASH: 9}) == 0.5


def test_the_slowest_model_decides():
    requests = [request(number) for number in range(9)] + [request(number, PRO) for number in range(5)]
    assert seconds_demanded(SandboxReport(tuple(requests)), {FLASH: 9, PRO: 2}) == 120.5


def test_nothing_demanded_of_a_run_without_requests():
    assert seconds_demanded(SandboxReport(), {}) == 0


@pytest.mark.parametrize(
    ("changed", "passed", "words"),
    [
        ({}, True, "none of 15 requests was refused"),
        ({"refused": 1}, False, "1 requests were refused"),
        ({"limited": 0, "settled": {}}, False, "had no effect"),
    ],
)
def test_verdict(changed, passed, words):
    comparison = compared(**changed)
    assert comparison.passed is passed
    assert words in comparison.verdict


def test_comparison_as_json_and_as_table():
    comparison = compared()
    document = json.loads(json.dumps(comparison.to_mapping()))
    assert document["without"]["refused"] == 4
    assert document["with"]["settled"] == document["with"]["counted"]
    page = io.StringIO()
    Console(file=page, width=100).print(comparison.to_table())
    assert "time that the quota alone requires" in page.getvalue()


@pytest.fixture
def record(tmp_path, monkeypatch):
    file = tmp_path / "record.jsonl"
    file.touch()
    monkeypatch.setenv(RECORD_VARIABLE, str(file))
    return file


@pytest.fixture
def observer(record):
    rules = PoolRules(limits=(Limit(Kind.REQUESTS, 9, MINUTE), Limit(Kind.REQUESTS, 245, DAY)))
    return massgen_middleware(MiddlewareContext(lambda event: None, lambda pool: rules, lambda domain: {}))


def call():
    charges = {Kind.REQUESTS: Charge(1), Kind.INPUT_TOKENS: Charge(9_999)}
    return ModelCall(Domain("gemini", "me"), (FLASH,), FLASH, FLASH, charges)


def test_observer_counts_what_waits_and_what_left(record, observer):
    first, second = call(), call()
    asyncio.run(observer.before_call(first))
    asyncio.run(observer.before_call(second))
    observer.on_written(first)
    seen = read_record(record)
    assert (seen.calls, seen.waiting, seen.rpm) == (1, 1, {FLASH: 9})


def test_a_call_that_never_left_waits_no_more(record, observer):
    waiting = call()
    asyncio.run(observer.before_call(waiting))
    asyncio.run(observer.after_call(waiting, CallOutcome(status=0, sent=False)))
    assert read_record(record).waiting == 0


def test_the_last_report_of_a_calls_usage_counts(record, observer):
    first, second = call(), call()
    observer.on_usage(first, Usage({Kind.INPUT_TOKENS: 50}))
    observer.on_usage(first, Usage({Kind.INPUT_TOKENS: 70}))
    observer.on_usage(second, Usage({Kind.INPUT_TOKENS: 30}))
    assert read_record(record).settled == {FLASH: 100}


def test_a_line_that_is_being_written_is_left_for_later(record, observer):
    asyncio.run(observer.before_call(call()))
    with record.open("a") as file:
        file.write('["ask')
    assert read_record(record).waiting == 1


def test_nobody_is_watched_outside_of_the_demo(monkeypatch):
    monkeypatch.delenv(RECORD_VARIABLE, raising=False)
    context = MiddlewareContext(lambda event: None, lambda pool: None, lambda domain: {})
    assert massgen_middleware(context) is None


def test_a_run_sees_nothing_of_the_users(tmp_path, monkeypatch):
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "HTTPS_PROXY", "MASSGEN_RATE_LIMIT", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "the user's")
    environment = Household(tmp_path).environment("http://127.0.0.1:1")
    assert "the user's" not in environment.values()
    assert environment["HOME"] == str(tmp_path)
