"""News of calls that the store does not know yet."""

from __future__ import annotations

import sys
import threading

import pytest

from massgen_plugins.quota import Scope
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.unsaved import Unsaved

SCOPE = Scope("gemini", "project", "model")


def a_hold() -> Hold:
    hold = Hold(1, [], (), {})
    hold.scope = SCOPE
    return hold


def test_news_is_told_once_and_again_if_it_could_not_be_told() -> None:
    unsaved, hold = Unsaved(), a_hold()
    unsaved.note(hold)
    unsaved.note(hold)
    with pytest.raises(OSError, match="full"), unsaved.news(SCOPE):
        raise OSError("full")
    with unsaved.news(SCOPE) as news:
        assert news == [hold]
    assert unsaved.scopes() == []


@pytest.fixture
def restless_threads():
    """Threads take turns as often as they can, so that what can go wrong between two steps does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-7)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless_threads")
def test_no_news_is_lost_between_threads() -> None:
    unsaved, told, over = Unsaved(), [], threading.Event()

    def tell() -> None:
        while not over.is_set():
            told.extend(unsaved.take(SCOPE))

    teller = threading.Thread(target=tell)
    teller.start()
    writers = [
        threading.Thread(target=lambda: [unsaved.note(a_hold()) for _ in range(5_000)]) for _ in range(3)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    over.set()
    teller.join()
    told.extend(unsaved.take(SCOPE))
    assert len(set(told)) == 15_000
