"""How a scope stands in a server: small, private, kept for as long as it counts, in one slot of a cluster."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from importlib.resources import files

import pytest

from massgen_plugins.quota import DAY, MINUTE, CalendarDay, Kind, Limit, Scope, ScopeRules, Sliding
from massgen_plugins.rate_limit import scope_state
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.line import LEASE, PATIENCE
from massgen_plugins.rate_limit.stores.redis import layout as layouts
from massgen_plugins.rate_limit.stores.redis.keys import keys_of, scope_in, scope_text
from massgen_plugins.rate_limit.stores.redis.layout import Layout
from tests.rate_limit.stores.redis.conftest import Bench, TestClock
from tests.rate_limit.stores.redis.server import RedisServer

SCOPE = Scope("gemini", "project", "gemini-2.5-flash")
WINDOWS = (MINUTE, DAY, Sliding(10**9), Sliding(3600 * 10**9))
SHAPES = [
    (Limit(Kind.REQUESTS, 9, MINUTE),),
    (Limit(Kind.REQUESTS, 30_000, MINUTE), Limit(Kind.TOTAL_TOKENS, 30_000_000, MINUTE)),
    tuple(Limit(kind, 10**9, window) for kind in Kind for window in (MINUTE, DAY)),
    tuple(Limit(kind, 10**9, window) for kind in Kind for window in (*WINDOWS, CalendarDay("UTC"))),
]

Open = Callable[[], Bench]


@pytest.mark.parametrize("limits", SHAPES, ids=len)
def test_a_scope_takes_64_kilobytes_at_most_whatever_its_limits(open_bench: Open, limits) -> None:
    bench = open_bench()
    bench.drive(bench.upkeep.configure(SCOPE, ScopeRules(limits=limits)))
    for _ in range(40):
        bench.ask(SCOPE, *[{Kind.REQUESTS: 1, Kind.TOTAL_TOKENS: 4_000}] * 16)
        bench.clock.pass_time(997_000)
    taken = [bench.client.memory_usage(key) or 0 for key in bench.client.keys("*{*")]
    assert sum(taken) <= 64 * 1024


@pytest.mark.parametrize("limits", SHAPES, ids=len)
def test_the_ring_is_longer_than_window_and_margin(limits) -> None:
    layout = Layout(ScopeRules(limits=limits), Lessons())
    for window in layout.windows:
        cell = -(-(window.length + window.lead) // (layout._cells - layouts._SPARE))
        assert cell * (layout._cells - layouts._SPARE) >= window.length + window.lead
    if len(limits) <= 3:
        assert layout._cells >= 1_000


def test_every_key_goes_when_nobody_needs_it_any_more(open_bench: Open) -> None:
    bench = open_bench()
    rules = ScopeRules(limits=(Limit(Kind.REQUESTS, 2, DAY), Limit(Kind.REQUESTS, 2, MINUTE)))
    bench.drive(bench.upkeep.open())
    bench.drive(bench.upkeep.configure(SCOPE, rules))
    holds = bench.ask(SCOPE, *[{Kind.REQUESTS: 1}] * 3).holds
    holds[0].end()
    bench.note(SCOPE, *holds)
    left = {key: bench.client.ttl(key) for key in bench.client.keys("*")}
    assert len(left) == 5
    assert all(seconds > 86_400 for seconds in left.values())


def test_one_call_touches_one_slot_of_a_cluster(own_server: Callable[..., RedisServer]) -> None:
    """A server that is a cluster of its own refuses calls whose keys lie in several slots."""
    server = own_server("--cluster-enabled", "yes")
    with server.client() as client:
        client.execute_command("CLUSTER", "ADDSLOTS", *range(16_384))
        for _ in range(200):
            if "'cluster_state': 'ok'" in str(client.execute_command("CLUSTER INFO")):
                break
            time.sleep(0.05)
    bench = Bench(server, TestClock())
    bench.drive(bench.upkeep.open())
    for scope in (SCOPE, Scope("gemini", "other", "weird {model} näme", "host:8080")):
        bench.drive(bench.upkeep.configure(scope, ScopeRules(limits=(Limit(Kind.REQUESTS, 2, MINUTE),))))
        [hold, _] = bench.ask(scope, *[{Kind.REQUESTS: 1}] * 3).holds
        hold.release()
        bench.note(scope, hold)
        bench.drive(bench.operations.leave(scope, "lane"))
        bench.drive(bench.operations.forecast(scope, "lane", {}, {Kind.REQUESTS: 1}))
        bench.drive(bench.upkeep.unlearn(scope))
        assert bench.used(scope) == [1]
        bench.drive(bench.upkeep.forget(scope))
    bench.close()


def test_keys_of_a_scope_have_one_tag_and_those_of_others_another() -> None:
    scopes = [
        SCOPE,
        SCOPE._replace(account="other"),
        SCOPE._replace(model="{}{"),
        SCOPE._replace(model="}{" * 500),
        SCOPE._replace(endpoint="näme"),
    ]
    tags = []
    for scope in scopes:
        assert scope_in(scope_text(scope).encode()) == scope
        [tag] = {re.search(r"\{(.*?)\}", key)[1] for key in keys_of(scope)}
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,110}", tag)
        tags.append(tag)
    assert len(set(tags)) == len(scopes)


def test_no_api_key_and_no_prompt_has_a_place_in_the_server(open_bench: Open) -> None:
    bench = open_bench()
    bench.drive(bench.upkeep.configure(SCOPE, ScopeRules(limits=SHAPES[0])))
    bench.ask(SCOPE, *[{Kind.REQUESTS: 1}] * 16)
    [desk] = bench.client.keys("*:desk")
    fields = {field.decode().partition(":")[0] for field in bench.client.hkeys(desk)}
    assert fields <= {"rules", "lessons", "advice", "claim", "flights"}


def test_lua_and_python_speak_of_the_same_times() -> None:
    text = (files("massgen_plugins.rate_limit.stores.redis") / "lua" / "_line.lua").read_text()
    found = re.search(r"local LEASE, PATIENCE = (\d+), (\d+)", text)
    assert [int(each) * 1000 for each in found.groups()] == [LEASE, PATIENCE]
    assert layouts._SHORTEST_PROBE == scope_state._SHORTEST_PROBE
