"""What is said before a run, and at its end."""

from __future__ import annotations

import json
import stat
from types import SimpleNamespace

import pytest

from massgen_plugins.events import CallAdmitted, CallSettled, CallWaits
from massgen_plugins.host import run_records, stage
from massgen_plugins.host.days import Day, days_in, too_little
from massgen_plugins.host.run_records import RunRecord
from massgen_plugins.host.summary import RunFacts, demand_of, summary_lines
from massgen_plugins.live.names import Names
from massgen_plugins.live.presence import Counters
from massgen_plugins.live.tracker import PoolUse, Tracker
from massgen_plugins.quota import DAY, MINUTE, Bucket, Domain, Kind, Limit, Pool, PoolRules, Sliding

POOL = Pool(Domain("gemini", "mine"), "flash")
RPM = Limit(Kind.REQUESTS, 4, MINUTE)
TPM = Limit(Kind.INPUT_TOKENS, 1_000, MINUTE)
RULES = PoolRules((RPM, TPM, Limit(Kind.REQUESTS, 245, DAY)))


@pytest.mark.parametrize(
    ("rules", "use", "seconds"),
    [
        (RULES, PoolUse(4), None),
        (RULES, PoolUse(5), 60),
        (RULES, PoolUse(18), 240),
        (RULES, PoolUse(5, {"input_tokens": 3_500}), 180),
        (PoolRules((Limit(Kind.REQUESTS, 4, Bucket(60_000_000_000)),)), PoolUse(10), 90),
        (PoolRules((Limit(Kind.REQUESTS, 2, Sliding(10_000_000_000)),)), PoolUse(9), 40),
        (None, PoolUse(100), None),
    ],
)
def test_what_the_quota_alone_demands(rules, use, seconds):
    found = demand_of(rules, use)
    assert (found and found.seconds) == seconds


def test_names_cannot_steer_a_terminal():
    use = {Pool(POOL.domain, "flash\x1b]0;x\x07\n2"): PoolUse(1)}
    facts = RunFacts(Counters(calls=1, longest=5.0), 9.0, use, {}, "ann\x1b[31ma")
    lines = summary_lines(facts, lambda _: None)
    assert all(line.isprintable() for line in lines)
    assert "\\x1b]0;x" in lines[1]


def run_of(calls):
    """A run of which each call waited a minute."""
    tracker, now = Tracker(), 0.0
    for number in range(calls):
        agent = f"agent_{number % 3}"
        tracker.note(CallWaits(POOL, agent, 60, 0, "", "run1", number, str(RPM), "limit"), now)
        now += 60 + number
        tracker.note(CallAdmitted(POOL, agent, "run1", number, 60.0 + number, 1), now)
        amounts = {"input_tokens": 100, "output_tokens": 10}
        tracker.note(
            CallSettled(
                POOL, agent, "run1", number, 1, "flash", "flash", now, 60, 1, 200, "answered", amounts
            ),
            now,
        )
    return tracker


@pytest.fixture
def record(monkeypatch):
    day = Day(POOL, 18, 245, 3_600.0)
    monkeypatch.setattr(run_records, "days_in", lambda _: [day])
    return RunRecord("run1", "team.yaml", -7.0, frozenset({"a0"}), "memory", lambda _: RULES)


def test_one_summary_at_the_end(record):
    assert "\n".join(record.summary(run_of(6), Names())) == (
        "QUOTA: 6 calls, 0 refused. 6:15 of 6:22 was waiting for 4 requests per minute; the quota alone "
        "requires 1:00.\n"
        "       flash: 6 calls, 18/245 requests today, 600 tokens in, 60 tokens out. Longest wait 1:05 "
        "(agent_2).\n"
        "       Faster for flash: 0:00 with 8 instead of 4 requests per minute, 0:00 with half the calls "
        "(fewer agents). -> massgen-rl plan TEAM.yaml"
    )


def test_a_run_that_did_not_wait_is_short_and_one_without_calls_is_silent(record):
    tracker = Tracker()
    assert record.summary(tracker, Names()) == []
    tracker.note(CallAdmitted(POOL, "a0", "run1", 1, 0.0, 1), 0.0)
    assert record.summary(tracker, Names())[0] == "QUOTA: 1 call, 0 refused."


def test_names_can_be_hidden_in_it(record):
    names = Names()
    names.hidden = True
    assert "agent_" not in "".join(record.summary(run_of(3), names))


class Orchestrator:
    def __init__(self):
        self.agents = {"a0": SimpleNamespace(backend=None)}


def test_a_file_beside_status_json(record, tmp_path, monkeypatch):
    orchestrator = Orchestrator()
    monkeypatch.setattr(stage, "_emitter", lambda: None)
    monkeypatch.setattr(stage, "_folder", lambda: tmp_path)
    stage.watch(orchestrator)
    tracker = run_of(2)
    tracker.note(CallWaits(POOL, "a0", 30, 0, "", "run1", 9, str(RPM), "limit"), 200.0)
    tracker.note(CallWaits(POOL, "a0", 30, 0, "", "another run", 10, str(RPM), "limit"), 200.0)
    record.write(tracker, Names(), tracker.waiting(), ())
    path = tmp_path / "rate_limit.json"
    found = json.loads(path.read_text())
    assert (found["calls"], found["waits"], found["summary"]) == (2, 3, [])
    assert [(each["agent"], each["until"], each["limit"]) for each in found["waiting"]] == [
        ("a0", 230.0, str(RPM))
    ]
    assert found["pools"]["gemini/mine/flash"]["input_tokens"] == 200
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["rate_limit.json"]


def days(*left):
    return [
        Day(Pool(Domain("gemini", f"key-{n}"), "flash"), 245 - each, 245, 60.0) for n, each in enumerate(left)
    ]


def test_a_day_that_cannot_suffice_is_said_before_the_first_call():
    said = too_little(days(3), "gemini", None, "flash", 6)
    assert said.startswith(
        "flash: 3 of 245 requests are left for this day, and 6 agents need at least 13. It resets"
    )
    assert "0 of 245 requests are left for this day, and one agent needs at least 1." in too_little(
        days(0), "gemini", None, "flash", 1
    )


@pytest.mark.parametrize(
    ("left", "provider", "account", "model"),
    [
        ((13,), "gemini", None, "flash"),
        ((3, 200), "gemini", None, "flash"),  # whose key it is, is not known yet
        ((3,), "openai", None, "flash"),
        ((3,), "gemini", None, "pro"),
        ((3,), "gemini", "another", "flash"),
        ((), "gemini", None, "flash"),
    ],
)
def test_nothing_is_said_when_it_may_suffice(left, provider, account, model):
    assert too_little(days(*left), provider, account, model, 6) is None


def test_the_account_that_the_user_names_counts_alone():
    assert too_little(days(3, 200), "gemini", "key-0", "flash", 6) is not None


def test_the_days_of_a_real_store(tmp_path):
    import asyncio

    from massgen_plugins.rate_limit.limiter import Limiter
    from massgen_plugins.rate_limit.reservation import NORMAL, Ask
    from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

    store = SqliteStore(tmp_path / "quota.sqlite3")
    limiter = Limiter(store, lambda _: RULES)

    async def spend():
        domain = limiter.domain(POOL.domain)
        for _ in range(3):
            await domain.acquire(Ask(("flash",), {"requests": 1}, await domain.tick(), NORMAL))

    asyncio.run(spend())
    limiter.flush()
    store.close()
    (day,) = days_in(str(tmp_path / "quota.sqlite3"))
    assert (day.used, day.allowed, day.left, str(day)) == (3, 245, 242, "3/245 requests today")
    assert days_in("memory") == days_in(str(tmp_path / "none")) == days_in("redis://127.0.0.1:1") == []
