"""The books balance: whatever happens, what limits and calls say they were charged is the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from massgen_plugins.sandbox import (
    Charge,
    Host,
    Pool,
    Price,
    Quota,
    QuotaKind,
    SandboxConfig,
    Settlement,
    WindowShape,
)
from massgen_plugins.sandbox.referee import Arrival, Referee
from massgen_plugins.sandbox.rulings import Standing

SHAPES = [WindowShape.SLIDING, WindowShape.FIXED, WindowShape.BUCKET, WindowShape.DAY, WindowShape.HELD]
KINDS = [kind for kind in QuotaKind if kind is not QuotaKind.CONCURRENT]
limited = st.builds(
    Quota,
    st.sampled_from(KINDS),
    st.integers(1, 200),
    st.sampled_from([1.0, 10.0, 60.0]),
    st.sampled_from(SHAPES),
    charge=st.sampled_from([None, *Charge]),
    settlement=st.sampled_from([None, *Settlement]),
    cached_free=st.booleans(),
)
quotas = st.lists(limited, max_size=3, unique_by=lambda quota: quota.name).map(tuple)
steps = st.lists(
    st.tuples(st.sampled_from(["arrive", "produce", "finish"]), st.integers(0, 20), st.integers(0, 60)),
    max_size=40,
)


def play(referee: Referee, moves: list[tuple[str, int, int]]) -> int:
    """Calls arrive, produce and finish, oldest first; the moment of the last step."""
    now, running, made = 0, [], dict[int, int]()
    for what, seconds, amount in moves:
        now += seconds * 10**9
        if what == "arrive":
            call = Arrival(
                "k", "m", "e", amount, host=Host.OPENAI, output_bound=amount, characters=4 * amount
            )
            ruling = referee.arrive(now, call)
            running += [] if ruling.violations else [ruling.number]
        elif running and what == "produce":
            made[running[0]] = made.get(running[0], 0) + amount
            referee.produced(running[0], now, made[running[0]])
        elif running:
            number = running.pop(0)
            referee.headers_left(number, now, 200)
            referee.finished(number, now, made.get(number, 0) + amount)
    return now


def judge(limits: tuple[Quota, ...], pooled: tuple[Quota, ...]) -> Referee:
    pools = (Pool("all", ("*",), pooled),)
    prices = {"*": Price("0.7", "1.3")}
    config = SandboxConfig(quotas={"*": limits}, pools=pools, prices=prices, cached_share=0.4)
    return Referee(config, unix=1_795_000_000 * 10**9)


@given(limits=quotas, pooled=quotas, moves=steps)
@settings(deadline=None)
def test_limits_and_calls_agree_on_what_was_charged(
    limits: tuple[Quota, ...], pooled: tuple[Quota, ...], moves: list[tuple[str, int, int]]
) -> None:
    referee = judge(limits, pooled)
    play(referee, [*moves, *[("finish", 0, 0)] * len(moves)])
    report = referee.report()
    for limit in report.limits:
        assert limit.charged == sum(record.charged.get(limit.name, 0) for record in report.requests)


@given(limits=quotas, pooled=quotas, moves=steps)
@settings(deadline=None)
def test_the_same_limits_again_change_nothing(
    limits: tuple[Quota, ...], pooled: tuple[Quota, ...], moves: list[tuple[str, int, int]]
) -> None:
    referee = judge(limits, pooled)
    now = play(referee, moves)
    before = _standings(referee, now)
    referee.change_quotas({"*": limits})
    assert _standings(referee, now) == before


def _standings(referee: Referee, now: int) -> tuple[Standing, ...]:
    requests = referee.report().requests
    return referee.standings(requests[-1].number, now) if requests else ()
