"""The house: dependencies point downwards only, and each room keeps its secret to itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import massgen_plugins

ROOT = Path(massgen_plugins.__file__).parent
PACKAGE = "massgen_plugins"

ALLOWED = {
    "quota": set(),
    "errors": set(),
    "interrupts": set(),
    "installation": set(),
    "__init__": {"_bootstrap"},
    "__main__": {"cli"},
    "_bootstrap": {"host", "import_hook", "errors"},
    "import_hook": set(),
    "wrapping": set(),
    "events": {"quota"},
    "middleware": {"quota", "errors"},
    "chain": {"middleware", "errors", "interrupts"},
    "live": {"quota", "events"},
    "metrics": {"quota", "errors", "live", "calls", "rate_limit", "profiles"},
    "calls": {"quota", "middleware", "errors", "events", "hookspecs", "budget", "rate_limit"},
    "budget": {"quota", "middleware", "errors", "events", "hookspecs", "rate_limit", "profiles"},
    "providers": {"quota", "middleware", "errors", "hookspecs"},
    "rate_limit": {"quota", "middleware", "errors", "events", "hookspecs"},
    "profiles": {"quota", "errors"},
    "hookspecs": {"quota", "middleware", "events", "providers"},
    "manager": {"errors", "interrupts", "hookspecs", "middleware", "events", "providers"},
    "wire": {"quota", "middleware", "chain", "errors", "interrupts", "providers", "wrapping", "import_hook"},
    "gateway": {"errors"},
    "planning": {"quota", "errors", "profiles", "providers", "rate_limit", "testing", "calls"},
    "sandbox": set(),
    "testing": {"quota", "middleware", "errors", "rate_limit", "events"},
    "host": {
        "quota",
        "errors",
        "events",
        "middleware",
        "chain",
        "providers",
        "rate_limit",
        "profiles",
        "hookspecs",
    }
    | {
        "manager",
        "wire",
        "wrapping",
        "installation",
        "interrupts",
        "calls",
        "budget",
        "planning",
        "gateway",
        "live",
    },
    "demo": {"sandbox", "quota", "errors", "hookspecs", "middleware", "installation"},
    "cli": {"quota", "errors", "events", "profiles", "rate_limit", "hookspecs", "manager", "host", "demo"}
    | {"_bootstrap", "providers", "installation", "wrapping", "calls", "budget", "planning", "live"}
    | {"middleware", "metrics", "gateway"},
}
"""Room -> rooms that it may know. Nothing below knows ``host``, ``wire`` or ``cli``."""

CLIENTS = {"aiohttp", "httpx", "httpx2", "requests", "urllib3"}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_dependencies_point_downwards(path: Path) -> None:
    room = room_of(path)
    known = {name.split(".")[1] for name in imported(path) if name.startswith(f"{PACKAGE}.")}
    # What the package itself offers is not a room.
    assert known - {room, *massgen_plugins.__all__} <= ALLOWED[room]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_ways_out_know_http_clients_and_only_the_host_knows_massgen(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(path)}
    if room_of(path) not in {"wire", "gateway", "sandbox", "demo"}:
        assert not tops & CLIENTS
    if room_of(path) not in {"host", "cli", "demo"}:
        assert "massgen" not in tops


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_limiter_and_the_wire_wait(path: Path) -> None:
    """The arithmetic takes time as an argument; nothing in it asks a clock or sleeps."""
    pure = {
        "admission",
        "book",
        "token_buckets",
        "calendar_windows",
        "domain",
        "domain_parts",
        "estimator",
        "facts",
        "learning",
        "moment",
        "penalties",
        "pool_state",
        "reservation",
        "rolling_windows",
        "startup",
        "slow_start",
        "tickets",
        "verdict",
        "wall_clock",
    }
    if room_of(path) == "rate_limit" and path.stem in pure:
        assert not {name.split(".")[0] for name in imported(path)} & {"time", "asyncio", "threading"}
