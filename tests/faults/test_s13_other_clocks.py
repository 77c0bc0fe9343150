"""S13: who shares a file with another clock: a container's time namespace, a machine that was put back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from massgen_plugins.quota import MINUTE, NANOSECONDS, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores import boot_clock
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.stores.worker import AtOnce

LIMIT = 5
RULES = PoolRules((Limit(Kind.REQUESTS, LIMIT, MINUTE),), cooldown_mode="off", max_wait=1)
DAY = 86_400 * NANOSECONDS


def granted(path: Path, since_boot: Callable[[], int], boot: str, count: int = 2 * LIMIT) -> int:
    store = SqliteStore(path, since_boot=since_boot, boot=lambda: boot)
    domain = Limiter(store, lambda _: RULES, worker=AtOnce()).domain(Domain("gemini", "project"))

    async def main() -> int:
        left = 0
        for _ in range(count):
            try:
                await domain.acquire(Ask(("model",), {Kind.REQUESTS: 1}, await domain.tick()))
            except Exception:
                continue
            left += 1
        return left

    try:
        return asyncio.run(main())
    finally:
        store.close()


@pytest.mark.parametrize("shift", [-DAY, -3_600 * NANOSECONDS, 3_600 * NANOSECONDS, 30 * DAY])
def test_a_time_namespace_is_taken_out_of_the_clock(monkeypatch, tmp_path: Path, shift: int) -> None:
    """The same boot, whose time a container sees shifted."""
    offsets = tmp_path / "timens_offsets"
    offsets.write_text(
        f"monotonic           0         0\nboottime  {shift // NANOSECONDS}         0\n", "ascii"
    )
    monkeypatch.setattr(boot_clock, "_OFFSETS", offsets)
    assert boot_clock._namespace() == shift


@pytest.mark.parametrize("content", ["", "boottime", "boottime x y", "\x00", "monotonic 1 1"])
def test_what_is_no_list_of_offsets_is_none(monkeypatch, tmp_path: Path, content: str) -> None:
    offsets = tmp_path / "timens_offsets"
    offsets.write_text(content, "ascii")
    monkeypatch.setattr(boot_clock, "_OFFSETS", offsets)
    assert boot_clock._namespace() == 0


@pytest.mark.parametrize(
    ("up", "boot"),
    [
        *((up, "same") for up in (NANOSECONDS, 10**15 - DAY, 10**15)),
        *((up, boot) for up in (NANOSECONDS, 50 * NANOSECONDS) for boot in ("other", "")),
        (10**15, ""),
    ],
)
def test_a_machine_that_was_put_back_forgets_nothing_and_is_blocked_for_no_longer_than_a_window(
    tmp_path: Path, up: int, boot: str
) -> None:
    """A virtual machine that is restored to an earlier state goes on from what the file says."""
    path, first = tmp_path / "quota.sqlite3", boot and "same"
    assert granted(path, lambda: 10**15, first) == LIMIT
    assert granted(path, lambda: up, boot) == 0
    assert granted(path, lambda: up + 63 * NANOSECONDS, boot) == LIMIT


def test_another_boot_has_lasted_since_the_file_was_written(tmp_path: Path) -> None:
    """So a machine that was started again and is up for longer than the window has its quota back."""
    path = tmp_path / "quota.sqlite3"
    assert granted(path, lambda: 10**15, "same") == LIMIT
    assert granted(path, lambda: 63 * NANOSECONDS, "other") == LIMIT
    assert granted(path, lambda: 64 * NANOSECONDS, "other") == 0
