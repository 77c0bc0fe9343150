"""``massgen-rl forget`` and ``penalty clear``: what was learned is dropped, and what was used stays."""

from __future__ import annotations

import threading

from massgen_plugins.profiles import load_settings
from massgen_plugins.quota import Domain, Kind, Pool
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.verdict import Wait
from tests.cli.conftest import DOMAIN, FLASH, NAME, PRO, limit_of, pool_of, spend_in


def test_forget_drops_what_was_learned_and_keeps_what_was_used(rl, spend, lower_limit):
    spend(calls=3, refusal=lower_limit)
    ran = rl("forget", NAME, "--yes")
    assert ran.code == 0
    assert ran.out.startswith(
        f"{NAME}: forgotten: the limit of 5 requests per minute (9 hold again), a pause of "
    )
    after = rl("status", "--json")
    assert limit_of(after, "requests/60s")["cap"] == 9
    assert limit_of(after, "requests/60s")["used"] == 3
    assert limit_of(after, "requests/America/Los_Angeles")["used"] == 3
    assert pool_of(after)["penalties"]["pause"] == 0


def test_forget_takes_a_domain_and_with_use_counts_it_anew(rl, spend, lower_limit):
    spend(calls=3, refusal=lower_limit)
    spend(PRO, refusal=lower_limit)
    assert rl("forget", "gemini/research", "--yes").out.count("forgotten") == 2
    assert limit_of(rl("status", "--json"), "requests/60s")["used"] == 3
    assert rl("forget", NAME, "--use", "--yes").code == 2
    assert rl("forget", "gemini/research", "--use", "--yes").out == "gemini/research: counters reset.\n"
    assert {limit["used"] for limit in pool_of(rl("status", "--json"))["limits"]} == {0}


def test_a_running_process_follows(rl, spend, store_file, lower_limit):
    """One that has looked before, and knows of what is forgotten."""
    store = SqliteStore(store_file)
    try:
        spend_in(store, refusal=lower_limit)
        replica = DomainReplica(DOMAIN, store, "process", lambda _: None)
        rules = load_settings(None).rules("gemini", FLASH.name)
        call = Ask((FLASH.name,), {Kind.REQUESTS: 1}, 0)

        def ask(state, now):
            state.configure(FLASH.name, rules, now.tick)
            return state.decide(now, call)

        assert isinstance(replica.transact(ask, patient=True), Wait)
        assert rl("forget", "all", "--yes").code == 0
        assert isinstance(replica.transact(ask), Reservation)
    finally:
        store.close()


def test_those_who_wait_are_woken(rl, spend, store_file, lower_limit):
    """At once, and not when they would have asked again by themselves."""
    spend(refusal=lower_limit)
    woken = threading.Event()
    store = SqliteStore(store_file)
    store.on_wake = woken.set
    try:
        queue = Ask((FLASH.name,), {Kind.REQUESTS: 1}, 0)
        replica = DomainReplica(DOMAIN, store, "waiter", lambda _: None)
        address = store.address
        replica.transact(lambda s, now: s.queue(queue, address, now.tick, now.tick + 10**12, 1), patient=True)
        for options in ((), ("--use",)):
            woken.clear()
            replica.transact(
                lambda s, now: s.queue(queue, address, now.tick, now.tick + 10**12, 1), patient=True
            )
            assert rl("forget", "all", "--yes", *options).code == 0
            assert woken.wait(5)
    finally:
        store.close()


def test_whoever_forgets_is_not_counted_among_those_who_share(rl, spend, store_file, lower_limit):
    spend(refusal=lower_limit)
    rl("forget", "all", "--yes")
    store = SqliteStore(store_file)
    try:
        replica = DomainReplica(DOMAIN, store, "process", lambda _: None)
        assert replica.transact(lambda s, now: s.facts.others("process", now.tick), patient=True) == 0
    finally:
        store.close()


def test_forget_takes_a_model_or_all(rl, spend, lower_limit):
    spend(refusal=lower_limit)
    spend(PRO, refusal=lower_limit)
    assert rl("forget", "gemini-2.5-flash", "--yes").out.count("forgotten") == 1
    assert rl("forget", "all", "--yes").out.count("forgotten") == 1
    assert "learned" not in rl("status").out


def test_forget_does_not_guess(rl, spend):
    spend()
    spend(Pool(Domain("gemini", "other"), FLASH.name))
    ran = rl("forget", "gemini-2.5-flash", "--yes")
    assert ran.code == 2
    assert NAME in ran.err
    assert "did you mean" in rl("forget", "gemini-2.5-flsh", "--yes").err


def test_forget_asks_first(rl, spend, script, lower_limit, monkeypatch):
    spend(refusal=lower_limit)
    ran = script("forget", "all")
    assert ran.code == 2
    assert "--yes" in ran.err
    monkeypatch.setattr("massgen_plugins.cli.forget.agreed", lambda *_: False)
    assert "Nothing was forgotten" in rl("forget", "all").err
    assert "learned" in rl("status").out


def test_forget_of_what_taught_nothing_says_so_and_does_not_ask(rl, spend):
    spend()
    assert rl("forget", "all").out == f"{NAME}: nothing was learned.\n"


def test_penalty_clear_ends_the_pause_and_keeps_what_was_learned(rl, spend, lower_limit):
    spend(calls=3, refusal=lower_limit)
    assert rl("penalty", "clear", NAME).code == 2
    ran = rl("penalty", "clear", "gemini-2.5-flash", "--yes")
    assert ran.code == 0
    assert ran.out.startswith(f"{NAME}: cleared: a pause of ")
    after = rl("status", "--json")
    assert pool_of(after)["penalties"]["pause"] == 0
    assert limit_of(after, "requests/60s")["cap"] == 5
    assert "nothing to clear" in rl("penalty", "clear", "all").err


def test_penalty_clear_of_an_unknown_pool_suggests(rl, spend):
    spend()
    ran = rl("penalty", "clear", "gemini-2.5-flsh")
    assert ran.code == 2
    assert "did you mean" in ran.err


def test_forget_without_a_store_makes_none(rl, home):
    assert rl("forget", "all", "--yes").code == 0
    assert list(home.iterdir()) == []
