"""The cooldown after agents start."""

from __future__ import annotations

from massgen_plugins.rate_limit.startup import Startup

COOLDOWN = 3_000


def test_probe_lets_one_call_leave_and_the_others_when_it_is_answered() -> None:
    startup = Startup("probe", COOLDOWN)
    assert startup.earliest("first", "a", 0) == 0
    assert startup.earliest("second", "b", 1) is None
    startup.left("first", 2)
    assert startup.earliest("second", "b", 3) == 2 + COOLDOWN
    assert startup.ended("first", answered=True)
    assert startup.earliest("second", "b", 4) == 4


def test_probe_waits_no_longer_than_the_cooldown() -> None:
    startup = Startup("probe", COOLDOWN)
    startup.earliest("first", "a", 0)
    startup.left("first", 0)
    assert startup.earliest("second", "b", COOLDOWN) == COOLDOWN


def test_when_the_first_call_comes_to_nothing_the_next_takes_its_part() -> None:
    startup = Startup("probe", COOLDOWN)
    startup.earliest("first", "a", 0)
    startup.left("first", 0)
    assert startup.ended("first", answered=False)
    assert startup.earliest("second", "b", 5) == 5
    assert startup.earliest("third", "c", 6) is None


def test_restarts_are_not_starts() -> None:
    startup = Startup("space", COOLDOWN)
    assert [startup.earliest(object(), name, 0) for name in "abab"] == [0, COOLDOWN, 0, 0]


def test_space_keeps_the_cooldown_between_first_calls_only() -> None:
    startup = Startup("space", COOLDOWN)
    assert startup.earliest("x", "a", 0) == 0
    assert startup.earliest("y", "b", 10_000) == 10_000
    assert startup.earliest("z", "c", 10_001) == 10_000 + COOLDOWN


def test_no_cooldown_means_no_pause() -> None:
    for startup in (Startup("off", COOLDOWN), Startup("probe", 0)):
        assert [startup.earliest(object(), name, 7) for name in "abc"] == [7, 7, 7]
