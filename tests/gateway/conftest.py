"""What the tests of the gateway share: one that listens, whose faults fail the test."""

from __future__ import annotations

import asyncio
import functools
import inspect
from contextlib import nullcontext

import pytest

from massgen_plugins.gateway import PATIENCE, Entrance, Gateway

from .upstream import OPEN


def pytest_collection_modifyitems(items):
    for item in items:
        if "/gateway/" in str(item.path) and inspect.iscoroutinefunction(getattr(item, "obj", None)):
            item.obj = _run(item.obj)


def _run(test):
    @functools.wraps(test)
    def run(*args, **kwargs):
        asyncio.run(asyncio.wait_for(_tidy(test(*args, **kwargs)), 60))

    return run


async def _tidy(test):
    try:
        await test
    finally:
        for writer in OPEN:
            writer.transport.abort()
        OPEN.clear()
        await asyncio.sleep(0.01)  # transports close in the loop's next steps


@pytest.fixture
def faults():
    return []


@pytest.fixture
def gateway(faults):
    made = Gateway(lambda place, error: faults.append((place, error)))
    yield made
    made.close()
    assert not faults


@pytest.fixture
def enter(gateway):
    """Let a program in whose requests go to ``upstream``; returns its base URL."""

    def enter(upstream, scope=nullcontext, patience=PATIENCE["codex"], **rest):
        return gateway.open(Entrance(lambda _: upstream, scope, patience, **rest))

    return enter
