"""Checks the store shared by all processes."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from massgen_plugins.cli.checks.finding import Finding, fail, ok, warn
from massgen_plugins.cli.output import as_home
from massgen_plugins.cli.store_choice import chosen_store, redis_store
from massgen_plugins.errors import ConfigurationError, StoreUnavailable
from massgen_plugins.rate_limit.stores.sqlite_view import check_integrity, read_file
from massgen_plugins.rate_limit.viewing import StoreView, view_file, view_store

__all__ = ["check_store"]

_LEAST_SPACE = 10_000_000
_CLOCK_SLACK = 1_000_000_000
_CLOCKS_APART = 30


def check_store() -> Iterator[Finding]:
    """Check its location, its permissions and its integrity."""
    try:
        path = chosen_store(None)
    except ConfigurationError as error:
        yield fail("store", str(error).rstrip("."), "correct that")
        return
    if path is None:
        cure = "remove `store: memory` from the settings to share limits and to keep them over restarts"
        yield warn(
            "store", "in memory: other processes do not see what is spent, and nothing survives a run", cure
        )
        return
    if isinstance(path, str):
        yield from _server(path)
        return
    try:
        there = path.exists()
        yield ok("store", as_home(str(path)) + ("" if there else ", made by the first limited call"))
        yield _writable(path)
        yield _space(path)
        if there:
            yield _mode(path)
            yield from _content(path)
    except (OSError, StoreUnavailable) as error:
        cure = "fix that, or name another store under rate_limit: store:"
        yield fail("store content", str(error).rstrip("."), cure)


def _server(address: str) -> Iterator[Finding]:
    try:
        with redis_store(address) as store:
            store.load("", 0)
            ahead = (store.tick() - time.time_ns()) / 1e9
            view = view_store(store)
    except StoreUnavailable as error:
        cure = "fix that, or name another store under rate_limit: store:"
        yield fail("store", str(error).rstrip("."), cure)
        return
    yield ok("store", f"{address}, {_pools(view)}")
    yield from _damaged(view)
    if abs(ahead) > _CLOCKS_APART:
        cure = "set the clocks of both machines: days follow the server's clock"
        yield warn("clock", f"the server's is {ahead:+.0f} s from this machine's", cure)
    else:
        yield ok("clock", "the server's agrees with this machine's")


def _writable(path: Path) -> Finding:
    place = path if path.exists() else path.parent
    while not place.exists():
        place = place.parent
    if os.access(place, os.W_OK) and (
        place == path.parent or not path.exists() or os.access(path.parent, os.W_OK)
    ):
        return ok("writable", "yes")
    cure = f"make {place} and its directory writable, or name another store under rate_limit: store:"
    return fail("writable", f"{place} cannot be written, so each process counts by itself", cure)


def _space(path: Path) -> Finding:
    place = path.parent
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < _LEAST_SPACE:
        return warn(
            "disk space",
            f"{free / 1e6:.1f} MB are left",
            "free some space: with a full disk, limits are not shared",
        )
    return ok("disk space", "enough")


def _mode(path: Path) -> Finding:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        cure = f"run `chmod 600 {path}`: it holds account names and how much they use"
        return warn("mode", f"{mode:04o}: others on this machine can read it", cure)
    return ok("mode", f"{mode:04o}: yours alone")


def _content(path: Path) -> Iterator[Finding]:
    wrong = check_integrity(path)
    if wrong:
        cure = f"remove {path}; counting then starts from zero"
        yield fail("integrity", wrong, cure)
        return
    view = view_file(path)
    yield ok("integrity", f"sound, {_pools(view)}", "`massgen-rl status` shows them")
    yield from _damaged(view)
    content = read_file(path)
    if content is None:
        return
    clock = content.clock
    if clock.latest > clock.tick + _CLOCK_SLACK:
        ahead = (clock.latest - clock.tick) / 1e9
        cure = f"if calls wait for no reason, remove {path}; counting then starts from zero"
        yield warn("clock", f"the file was written {ahead:.0f} s ahead of this machine's clock", cure)
    else:
        yield ok(
            "clock", "goes on since this boot" if clock.same_boot else "goes on from before the last boot"
        )


def _pools(view: StoreView) -> str:
    count = sum(pool.eventful for pool in view.pools)
    return f"{count} pool{'' if count == 1 else 's'}"


def _damaged(view: StoreView) -> Iterator[Finding]:
    for fault in view.faults:
        yield warn("content", fault.rstrip("."), "if it happens again, run `massgen-rl forget all --use`")
