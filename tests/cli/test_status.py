"""``massgen-rl status``: what is used, what was learned, who waits."""

from __future__ import annotations

import datetime as dt
import json
import re
import stat
import time

import pytest

from massgen_plugins.live.plans import PlanNote, plans_file, write_plans
from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import HELD, MINUTE, Bucket, CalendarDay, Kind, Limit
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.cli.conftest import DOMAIN, FLASH, PRO, limit_of, pool_of, waiting_call

LIMIT_KEYS = {
    "key",
    "kind",
    "shape",
    "window",
    "zone",
    "declared",
    "stated",
    "settings",
    "last_run",
    "next_slot",
    "cap",
    "used",
    "left",
    "learned",
    "free_in",
    "resets_at",
}
POOL_KEYS = {
    "pool",
    "domain",
    "provider",
    "account",
    "endpoint",
    "name",
    "profile",
    "under_way",
    "waiting",
    "next_slot",
    "queue",
    "agents",
    "limits",
    "penalties",
    "steering",
}
PENALTY_KEYS = {"pause", "closed", "advice", "until", "quote", "share", "probing"}
PACIFIC = CalendarDay("America/Los_Angeles")


def test_without_a_store_it_says_so_and_makes_none(rl, home):
    ran = rl("status")
    assert (ran.code, ran.out) == (0, "")
    assert "No call has been limited yet" in ran.err
    assert rl("status", "--json").document["exists"] is False
    assert list(home.iterdir()) == []


def test_a_store_in_memory_has_nothing_to_look_at(rl, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("store: memory\n")
    ran = rl("status")
    assert ran.code == 0
    assert "store: memory" in ran.err
    assert rl("status", "--json").document["store"] is None
    assert rl("forget", "all", "--yes").code == 2


def test_each_limit_is_a_line_with_its_use(rl, spend):
    spend(calls=9, tokens=1000)
    ran = rl("status")
    assert ran.code == 0
    lines = {line.strip().split("  ")[0]: line for line in ran.out.splitlines()}
    assert "9 / 9" in lines["requests per minute"]
    assert "9,000 / 240,000" in lines["input tokens per minute"]
    assert "236 left, resets" in lines["requests per day"]


def test_the_day_is_shown_in_local_time(rl, spend, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    __import__("time").tzset()
    spend()
    try:
        resets = limit_of(rl("status", "--json"), "requests/America/Los_Angeles")["resets_at"]
        local = dt.datetime.fromisoformat(resets).astimezone()
        assert f"resets {local:%H:%M} IST" in rl("status").out
    finally:
        monkeypatch.undo()
        __import__("time").tzset()


def test_the_document_has_stable_keys_and_true_numbers(rl, spend):
    spend(calls=4, tokens=500)
    ran = rl("status", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert set(ran.document) == {"store", "exists", "read_at", "runs", "pools", "unlimited", "plans"}
    pool = pool_of(ran)
    assert set(pool) == POOL_KEYS
    assert set(pool["penalties"]) == PENALTY_KEYS
    assert all(set(limit) == LIMIT_KEYS for limit in pool["limits"])
    assert (pool["domain"], pool["name"], pool["profile"]) == (str(DOMAIN), FLASH.name, "gemini-seed")
    assert (pool["waiting"], pool["next_slot"], pool["queue"], pool["under_way"]) == (0, 0, [], None)
    minute = limit_of(ran, "requests/60s")
    assert (minute["declared"], minute["cap"], minute["used"], minute["left"]) == (9, 9, 4, 5)
    assert 0 < minute["free_in"] <= 63
    assert limit_of(ran, "input_tokens/60s")["used"] == 2000
    day = limit_of(ran, "requests/America/Los_Angeles")
    assert (day["shape"], day["window"], day["zone"], day["used"]) == ("day", None, PACIFIC.zone, 4)


def test_what_a_refusal_taught_is_shown(rl, spend, lower_limit):
    spend(refusal=lower_limit)
    shown = rl("status").out
    assert "paused for" in shown
    assert "learned: 5 requests per minute, instead of 9" in shown
    ran = rl("status", "--json")
    minute = limit_of(ran, "requests/60s")
    assert (minute["declared"], minute["stated"], minute["cap"], minute["learned"]) == (9, 5, 5, True)
    assert 25 < pool_of(ran)["penalties"]["pause"] <= 31
    assert pool_of(ran)["penalties"]["probing"] is True


def test_a_closed_pool_shows_its_advice(rl, spend):
    spend(refusal=Refusal(RefusalKind.PERMANENT, advice="Pay \x1b[31mthe bill."))
    assert re.search(r"closed for (1 min|5\d s): Pay \\x1b\[31mthe bill\.", rl("status").out)


def test_a_spent_day_is_shown_with_its_limit_its_end_and_the_providers_words(rl, spend):
    stated = StatedLimit(Kind.REQUESTS, PACIFIC, 20)
    spend(refusal=Refusal(RefusalKind.UNTIL, limits=(stated,), quote="No more \x1b[31mtoday."))
    shown = rl("status").out
    assert "used up: 20 requests per day; the provider takes no calls until " in shown
    assert 'the provider says: "No more \\x1b[31mtoday."' in shown
    penalties = pool_of(rl("status", "--json"))["penalties"]
    ends = dt.datetime.fromisoformat(penalties["until"])
    assert dt.timedelta(0) < ends - dt.datetime.now(dt.UTC) <= dt.timedelta(hours=26)
    assert penalties["quote"].startswith("No more")


def test_a_slower_pace_is_shown(rl, spend):
    spend(PRO, refusal=Refusal(RefusalKind.OVERLOAD))
    assert "slowed down to 50%" in rl("status").out


def test_who_waits_is_shown_with_the_next_slot(rl, spend):
    spend(calls=11, process="first")
    spend(calls=2, process="second")
    pool = pool_of(rl("status", "--json"))
    assert pool["waiting"] == 4
    assert [(row["process"], row["waiting"]) for row in pool["queue"]] == [("first", 2), ("second", 2)]
    assert 50 < pool["next_slot"] <= 63
    assert pool["next_slot"] == pool["queue"][0]["leaves_in"]
    assert "4 calls wait in 2 processes, next slot 1:0" in rl("status").out


def test_the_next_slot_is_told_beside_when_all_is_free(rl, spend, run_goes_on):
    """As it is decided: 10 a minute of a bucket have a slot after 6 s and the margin, and are free later."""
    run_goes_on()
    spend(calls=11, limits=[Limit(Kind.REQUESTS, 10, Bucket(60 * 10**9))])
    minute = limit_of(rl("status", "--json"), "requests/bucket:60s")
    assert 3 < minute["next_slot"] < 10
    assert 58 < minute["free_in"] < 63
    assert re.search(r"next slot 0:0[4-9], all free 1:0[0-3]", rl("status").out)


def test_a_limit_that_was_changed_since_the_last_run_is_the_one_that_holds(
    rl, spend, run_goes_on, store_file
):
    spend(calls=3, limits=[Limit(Kind.REQUESTS, 4, MINUTE)])
    over = limit_of(rl("status", "--json"), "requests/60s")
    assert (over["cap"], over["settings"], over["last_run"], over["left"]) == (9, 9, 4, 6)
    assert re.search(r"3 / 9 .*\(now; in the last run 4\)", rl("status").out)
    run_goes_on()
    running = limit_of(rl("status", "--json"), "requests/60s")
    assert (running["cap"], running["settings"], running["last_run"]) == (4, 9, 4)
    assert "3 / 4 " in rl("status").out
    assert "(the run's own; the settings here say 9)" in rl("status").out
    nobody_is_seen(store_file)  # that process uses something else
    assert rl("profiles", "set", FLASH.name, "rpm=20").code == 0
    assert limit_of(rl("status", "--json"), "requests/60s")["cap"] == 20


def nobody_is_seen(path):
    """The processes of the last run are gone for long."""
    store = SqliteStore(path)
    DomainReplica(DOMAIN, store, "", lambda _: None).transact(forget_members, patient=True)
    store.close()


def forget_members(state, _):
    state.facts.members = {}
    state.changed.add("facts")


@pytest.mark.parametrize("code", [0, 3])
def test_a_spent_day_is_an_exit_code_for_scripts(rl, spend, code):
    stated = StatedLimit(Kind.REQUESTS, PACIFIC, 20)
    spend(refusal=Refusal(RefusalKind.UNTIL, limits=(stated,)) if code else None)
    assert rl("status").code == 0
    assert rl("status", "--exit-code").code == rl("status", "--exit-code", "--json").code == code


@pytest.mark.parametrize("width", [120, 80, 40, 24])
def test_no_number_is_cut_however_narrow_the_terminal(rl, spend, monkeypatch, width):
    spend(calls=9, tokens=2757)
    monkeypatch.setenv("COLUMNS", str(width))
    shown = rl("status").out
    assert max(map(len, shown.splitlines())) <= width
    assert "24,813 / 240,000" in shown
    assert "9 / 245" in shown
    assert all(line == line.rstrip() for line in shown.splitlines())


def test_the_accounts_pool_is_shown_only_if_it_says_something(rl, spend, store_file):
    """Every call books in it, and so everybody who waits stands in its queue, too."""
    spend(calls=11)
    store = SqliteStore(store_file)
    both = Ask((FLASH.name, "*account"), {Kind.REQUESTS: 1}, 0)
    replica = DomainReplica(DOMAIN, store, "waiter", lambda _: None)
    replica.transact(lambda s, now: s.queue(both, "", now.tick, now.tick + 10**12, 1), patient=True)
    store.close()
    assert [pool["name"] for pool in rl("status", "--json").document["pools"]] == [FLASH.name]
    assert "*account" not in rl("line").out


def test_the_agents_that_wait_are_named_with_their_countdowns(rl, spend, run_goes_on, monkeypatch):
    spend(calls=11)
    run_goes_on(
        waiting_call("Ada", 23.0), waiting_call("日本語", 83.0, number=2), waiting_call("x", pool=PRO)
    )
    agents = pool_of(rl("status", "--json"))["agents"]
    assert [(each["agent"], each["place"]) for each in agents] == [("Ada", 1), ("日本語", 2)]
    assert 20 < agents[0]["leaves_in"] <= 23
    assert pool_of(rl("status", "--json"))["next_slot"] == pytest.approx(agents[0]["leaves_in"], abs=2)
    for width in (120, 80, 40):
        monkeypatch.setenv("COLUMNS", str(width))
        shown = rl("status").out
        assert "2 calls wait, next slot 0:2" in shown
        assert re.search(r"1  Ada +\S* +0:2[0-3]\b", shown)
        assert re.search(r"2  日本語  \S* +1:2[0-3]\b", shown)
        assert ("team.yaml, pid" in shown) is (width > 40)


def test_what_somebody_changed_for_a_while_is_shown_with_its_end(rl, spend):
    spend(calls=3)
    assert rl("set", FLASH.name, "rpm=20", "--for", "10m", "--yes").code == 0
    assert rl("pause").code == 0
    shown = rl("status").out
    assert re.search(
        r"set by \S+ until \d\d:\d\d:\d\d: rpm 20 \(`massgen-rl unset gemini-2.5-flash`\)", shown
    )
    assert re.search(r"paused by \S+: no call is sent, and no turn ends \(`massgen-rl resume`\)", shown)
    pool = pool_of(rl("status", "--json"))
    assert pool["steering"]["set"][0]["value"] == 20
    assert pool["steering"]["paused"]["until"] is None
    assert pool["next_slot"] is None
    assert rl("line").out.startswith("‖ gemini-2.5-flash 3/")
    assert limit_of(rl("status", "--json"), "requests/60s")["cap"] in (18, 20)


def test_what_is_remembered_ends_with_a_temporary_limit(rl, spend, monkeypatch):
    spend()
    rl("set", FLASH.name, "rpm=20", "--for", "10m", "--yes")
    cap = limit_of(rl("status", "--json"), "requests/60s")["cap"]
    later = time.time() + 601
    monkeypatch.setattr(time, "time", lambda: later)
    assert cap > limit_of(rl("status", "--json"), "requests/60s")["cap"] == 9


def test_calls_under_way_are_shown_where_they_are_limited(rl, spend, run_goes_on):
    run_goes_on()
    spend(calls=2, limits=[Limit(Kind.CONCURRENT, 4, HELD), Limit(Kind.REQUESTS, 10, Bucket(60 * 10**9))])
    ran = rl("status", "--json")
    assert pool_of(ran)["under_way"] == 2
    assert (limit_of(ran, "concurrent/held")["used"], limit_of(ran, "concurrent/held")["window"]) == (2, None)
    assert limit_of(ran, "requests/bucket:60s")["shape"] == "bucket"
    lines = {line.strip().split("  ")[0]: line for line in rl("status").out.splitlines()}
    assert "2 / 4" in lines["calls at a time"]
    assert "2 under way" in lines["calls at a time"]


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [(5, "learned: 5 requests per minute, instead of 9"), (300, "announced: 300 requests per minute")],
)
def test_what_the_provider_said_is_told_from_what_is_declared(rl, spend, store_file, amount, sentence):
    spend()
    store = SqliteStore(store_file)
    announce(store, Limit(Kind.REQUESTS, amount, MINUTE))
    store.close()
    assert sentence in rl("status").out
    minute = limit_of(rl("status", "--json"), "requests/60s")
    assert (minute["declared"], minute["stated"], minute["cap"]) == (9, amount, min(9, amount))
    assert minute["learned"] is (amount < 9)


def announce(store, limit):
    def work(state, now):
        state.penalties(FLASH.name).announce(limit)
        state.refresh(FLASH.name, now.tick)

    DomainReplica(DOMAIN, store, "process", lambda _: None).transact(work, patient=True)


def test_the_installed_script_prints_nothing_but_the_document_on_stdout(script, spend):
    spend()
    ran = script("status", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["pools"]


def test_plans_are_shown_as_their_providers_said(rl):
    now = time.time()
    write_plans([PlanNote("claude_code", "weekly limit", 0.834, now + 7_260, now)], now)
    shown = rl("status").out
    assert "plan of the claude_code agents" in shown
    assert "83% used" in shown
    assert "(in 2 h 1 min)" in shown
    [row] = rl("status", "--json").document["plans"]
    assert (row["program"], row["window"], row["used"]) == ("claude_code", "weekly limit", 0.834)
    assert stat.S_IMODE(plans_file().stat().st_mode) == 0o600


@pytest.mark.parametrize(("span", "left"), [((), "paused"), (("--for", "10m"), "(?:9:59|10:00)")])
def test_no_countdown_runs_down_during_a_pause(rl, spend, run_goes_on, span, left):
    spend()
    run_goes_on(waiting_call("writer"), waiting_call("critic", 9.0, number=2))
    assert rl("pause", *span).code == 0
    shown = rl("status").out
    assert re.search(rf"2 calls wait, {'next slot ' if span else ''}{left}\n", shown)
    assert len(re.findall(rf"(?:writer|critic) .* {left}  has waited 0:\d\d", shown)) == 2
