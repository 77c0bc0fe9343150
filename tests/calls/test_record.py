"""The record of calls: what is kept, what is not, and that a fault of it disturbs nobody."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import time
from contextlib import closing
from decimal import Decimal

import pytest

from massgen_plugins.budget.prices import Prices
from massgen_plugins.calls.query import Record
from massgen_plugins.calls.record import Recorder
from massgen_plugins.calls.record_file import APPLICATION_ID, FORMAT, RecordFile
from massgen_plugins.calls.rows import Question
from massgen_plugins.calls.runs import begin_run
from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.events import CallTurnedAway
from massgen_plugins.quota import Domain, Pool
from tests.calls.settled import BLOCK, GEMINI, OPENAI, settled


def test_a_call_is_kept_with_what_it_took_and_why_it_cost_that(recorder, record, tmp_path):
    run = begin_run("team.yaml", lambda: tmp_path / "log_1")
    recorder.add(settled(run=run.name, agent_id="writer", waited=1.5))
    recorder.write()
    (call,) = record.calls()
    assert (call.run, call.agent, call.provider, call.account) == (
        run.name,
        "writer",
        "openai",
        OPENAI.account,
    )
    assert (call.endpoint, call.waited, call.seconds, call.status) == ("proxy.example", 1.5, 2.0, 200)
    assert (call.tokens.input, call.tokens.cached, call.tokens.output) == (1000, 400, 100)
    assert call.cost == 600 * Decimal("2.5") + 400 * Decimal("0.25") + 100 * 15
    assert call.parts == (
        ("input", 600, Decimal("2.5")),
        ("cached input", 400, Decimal("0.25")),
        ("output", 100, Decimal(15)),
    )
    assert (call.source, call.dated) == ("profile own", "2026-11-30")
    (kept,) = record.runs()
    assert (kept.name, kept.file) == (run.name, str(tmp_path.cwd() / "team.yaml"))
    assert kept.log_dir == str(tmp_path / "log_1")


def test_a_price_that_nobody_knows_is_unknown_and_not_zero(recorder, record):
    recorder.add(settled(model="nobody-knows-this"))
    recorder.write()
    assert next(record.calls()).cost is None
    (total,) = record.totals()
    assert (total.calls, total.unknown, total.cost) == (1, 1, 0)


def test_the_providers_own_word_goes_before_all_prices(recorder, record):
    recorder.add(settled(cost=145.655))
    recorder.write()
    call = next(record.calls())
    assert (call.cost, call.source, call.parts) == (Decimal("145.655"), "the provider", ())


def test_a_refusal_costs_nothing_and_an_answer_that_broke_off_is_unknown(recorder, record):
    nothing = {"amounts": {}, "raw": {}}
    recorder.add(settled(outcome="refused", status=429, **nothing))
    recorder.add(settled(outcome="answered", status=200, **nothing))
    recorder.write()
    assert [call.cost for call in record.calls(newest_first=False)] == [0, None]


def test_a_call_that_was_turned_away_is_counted_by_itself(recorder, record):
    recorder.add(settled())
    recorder.add(CallTurnedAway(Pool(Domain("budget", "run"), "run"), "a1", "spent", "r", 7))
    recorder.write()
    (total,) = record.totals()
    assert (total.calls, total.turned_away, total.unknown) == (1, 1, 0)
    assert next(record.calls(Question(outcome="turned away"))).agent == "a1"


def test_sums_by_every_dimension_and_for_every_question(recorder, record):
    start = time.time() - 10 * 86_400
    for number in range(6):
        recorder.add(
            settled(agent_id=f"a{number % 2}", run=f"r{number % 3}", admitted=start + number * 86_400)
        )
    recorder.write()
    assert [total.key["agent"] for total in record.totals(by=["agent"])] == ["a0", "a1"]
    assert [total.calls for total in record.totals(by=["run"])] == [2, 2, 2]
    assert len(record.totals(by=["day", "model"])) == 6
    assert record.totals(Question(agent="a0", run="r0"))[0].calls == 1
    assert record.totals(Question(since=start + 86_400, until=start + 3 * 86_400))[0].calls == 2
    assert record.totals(Question(agent="nobody")) == []


def test_sums_of_runs_of_one_team_are_found_by_its_files_name(recorder, record):
    for name in ("team.yaml", "my-team.yaml"):
        recorder.add(settled(run=begin_run(name).name))
    recorder.write()
    assert record.totals(Question(file="team.yaml"))[0].calls == 1


def test_the_file_is_private_and_what_is_written_holds_no_key(recorder, path):
    recorder.add(settled())
    recorder.write()
    beside = [each for each in path.parent.iterdir() if each.name.startswith("calls")]
    assert {stat.S_IMODE(each.stat().st_mode) for each in beside} == {0o600}


def test_a_sum_is_exact_although_prices_have_many_digits(path, record, told):
    prices = {"gpt-5.4": {"input": 0.0375, "output": 0.333333}}
    block = {**BLOCK, "define": [{"provider": "openai", "profiles": {"own": {"prices": prices}}}]}
    recorder = Recorder(path, 30, 256, Prices(lambda _: block), told.append)
    for _ in range(1_000):
        recorder.add(settled(amounts={"output_tokens": 7}, raw={"prompt_tokens": 3}))
    recorder.close()
    assert record.totals()[0].cost == 1_000 * (3 * Decimal("0.0375") + 7 * Decimal("0.333333"))


def test_old_calls_go_and_the_oldest_of_too_many(path, record, told, monkeypatch):
    monkeypatch.setattr("massgen_plugins.calls.record_file._PRUNE_EVERY", 500)
    recorder = Recorder(path, 2, 1, Prices(lambda _: BLOCK), told.append)
    recorder.add(settled(admitted=time.time() - 3 * 86_400))
    for number in range(20_000):
        recorder.add(settled(call=number))
        if number % 1_000 == 0:
            recorder.write()
    recorder.close()
    assert not told
    assert path.stat().st_size < 1_400_000
    kept = list(record.calls())
    assert kept[0].number == 19_999
    assert min(call.time for call in kept) > time.time() - 86_400


def test_an_empty_file_is_begun(path, recorder, record, told):
    path.write_bytes(b"")
    recorder.add(settled())
    recorder.write()
    assert record.totals()[0].calls == 1
    assert not told


def test_a_file_that_is_damaged_while_it_is_written_is_set_aside(path, recorder, record, told):
    recorder.add(settled())
    recorder.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 12_288)
    recorder.add(settled())
    recorder.write()
    assert record.totals()[0].calls == 1
    assert "it was renamed to" in told[0]


@pytest.mark.parametrize(
    "content",
    [
        b"no database at all, but long enough to be one" * 100,
        b"SQLite format 3",
        "CREATE TABLE letters (text)",
        "PRAGMA user_version = 3",
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT + 1}",
    ],
)
def test_a_file_of_somebody_else_or_of_a_later_version_stays_as_it_is(path, recorder, told, content):
    if isinstance(content, str):
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(content)
    else:
        path.write_bytes(content)
    path.chmod(0o644)
    before = path.read_bytes()
    for _ in range(2):
        recorder.add(settled())
        recorder.write()
    recorder.close()
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (before, 0o644)
    assert list(path.parent.glob("calls*")) == [path]
    assert len(told) == 1
    assert "nothing in it was changed" in told[0]


def test_a_file_that_is_removed_during_a_run_is_made_again(path, recorder, record):
    recorder.add(settled())
    recorder.write()
    for each in path.parent.glob("calls.sqlite3*"):
        each.unlink()
    recorder.add(settled())
    recorder.write()
    assert record.totals()[0].calls == 1


def test_a_place_that_cannot_be_written_is_said_once_and_disturbs_nobody(tmp_path, told):
    (tmp_path / "file").write_text("")
    recorder = Recorder(tmp_path / "file" / "calls.sqlite3", 30, 256, Prices(), told.append)
    for _ in range(3):
        recorder.add(settled())
        recorder.write()
    assert len(told) == 1
    assert "record: false" in told[0]


def test_a_full_disk_is_said_once_and_nothing_is_lost(path, recorder, record, told, monkeypatch):
    def full(self, runs, calls):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(RecordFile, "_write", full)
        for _ in range(3):
            recorder.add(settled())
            recorder.write()
    assert len(told) == 1
    assert "full" in told[0]
    recorder.close()
    assert record.totals()[0].calls == 3


def test_a_file_that_cannot_be_written_is_not_tried_with_every_call(recorder, monkeypatch):
    tried = []

    def held(self, runs, calls):
        tried.append(len(calls))
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(RecordFile, "_write", held)
    for _ in range(5):
        recorder.add(settled())
        recorder.write()
    assert tried == [1]


def test_a_file_that_another_program_holds_is_waited_for_in_silence(
    path, recorder, record, told, monkeypatch
):
    monkeypatch.setattr("massgen_plugins.calls.record_file._PATIENCE", 0.05)
    recorder.add(settled())
    recorder.write()
    recorder.close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    recorder.add(settled())
    recorder.write()
    assert told == []
    holder.execute("ROLLBACK")
    holder.close()
    recorder.close()
    assert record.totals()[0].calls == 2


def test_one_call_that_cannot_be_read_costs_no_other(recorder, record, told):
    recorder.add(settled(raw={"prompt_tokens": "many"}))
    recorder.add(settled())
    recorder.write()
    assert record.totals()[0].calls == 1
    assert "lacks a call" in told[0]


def test_nothing_is_written_in_the_thread_in_which_a_call_ends(recorder, monkeypatch):
    threads = []
    wrote = threading.Event()
    original = RecordFile.append

    def append(self, runs, calls):
        threads.append(threading.current_thread())
        original(self, runs, calls)
        wrote.set()

    monkeypatch.setattr(RecordFile, "append", append)
    recorder.add(settled())
    assert wrote.wait(10)
    assert threads[0] is not threading.current_thread()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_writes_its_own_calls_and_none_of_its_parents(recorder, record):
    recorder.add(settled(call=1))
    recorder.write()
    child = os.fork()
    if child == 0:
        recorder.add(settled(call=2, domain=GEMINI))
        recorder.write()
        os._exit(0)
    os.waitpid(child, 0)
    recorder.add(settled(call=3))
    recorder.write()
    assert [call.number for call in record.calls(newest_first=False)] == [1, 2, 3]


def test_a_record_that_was_never_written_is_empty_and_a_foreign_file_is_named(tmp_path):
    assert Record(tmp_path / "none").totals() == []
    assert list(Record(tmp_path / "none").calls()) == []
    foreign = tmp_path / "foreign"
    foreign.write_text("something else" * 1000)
    with pytest.raises(StoreUnavailable, match="not a record of calls"):
        Record(foreign).totals()


def test_calls_that_are_lost_are_said(recorder, told, monkeypatch):
    monkeypatch.setattr("massgen_plugins.calls.record._MOST", 3)
    monkeypatch.setattr(recorder, "_worker", type("Never", (), {"remind": lambda *_: None})())
    for _ in range(5):
        recorder.add(settled())
    assert len(told) == 1
    assert "Some calls are missing" in told[0]
