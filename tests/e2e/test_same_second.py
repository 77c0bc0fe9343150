"""A wait is told at the same second in MassGen's display, rate_limit.json, `status` and `watch`."""

from __future__ import annotations

import pytest
from harness import User
from same_second import DISPLAYS, Watched, record, six_agents

from massgen_plugins.sandbox import SandboxConfig, SandboxProcess

pytestmark = pytest.mark.e2e

LOOKS = 3
STALE = 1
"""Seconds: all of them are drawn once in a second."""


@pytest.mark.parametrize("kind", DISPLAYS)
def test_all_places_say_the_same_second(folder, kind):
    seen = []
    with SandboxProcess(SandboxConfig()) as server:
        user = User(folder, server.url)
        with Watched(user, kind, 80, folder, six_agents()) as watched:
            record(watched, LOOKS, lambda _number, instant, _host: seen.append(instant), 240.0)
            assert len(seen) == LOOKS, watched.host.screen
    spread = sorted(instant.spread for instant in seen)
    # On a busy machine one picture of several may be older than a second.
    assert spread[len(seen) // 2] <= STALE, "\n".join(map(str, seen))
    assert spread[-1] <= 3 * STALE, "\n".join(map(str, seen))
