"""What the scripts are asked, as commands. Pure: nothing is sent here. ``lua`` says what arguments mean."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from massgen_plugins.quota import Amounts
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores import codec
from massgen_plugins.rate_limit.stores.redis.known import Known, Today
from massgen_plugins.rate_limit.stores.redis.layout import KINDS, SCHEMA, Layout, lesson_numbers
from massgen_plugins.rate_limit.stores.redis.news import News
from massgen_plugins.rate_limit.stores.redis.scripts import Command, Word, load, run

__all__ = [
    "ask_admit",
    "ask_change",
    "ask_create",
    "ask_forecast",
    "ask_leave",
    "ask_note",
    "ask_read",
    "ask_view",
]

_PLACE = 1_000_000_000_000
"""A bid's priority counts this many microseconds of its arrival: more than anybody waits."""

_INDEX = {kind: index for index, kind in enumerate(KINDS)}

_TOGETHER = 32
"""Of a lane's bids so many are sent: the others have to wait for these in any case."""


def ask_admit(  # noqa: PLR0913, PLR0917 - the hot way; an object to hold these would cost more than it says
    known: Known,
    today: Today,
    lane: str,
    bids: Sequence[Bid],
    news: Sequence[News],
    aloft: int,
    process: str,
) -> Command:
    """Take note of news, and grant bids; ``aloft`` is -1 if nothing is to be said of that."""
    asked = bids[:_TOGETHER]
    numbers: list[float] = [aloft, len(bids), len(news), len(asked)]
    for each in news:
        _add_news(known, numbers, each)
    origin = (known.skew - known.born) * 1000  # counted from when the book began, nanoseconds fit in
    for bid in asked:
        numbers.append(bid.priority * _PLACE + (bid.arrival + origin) / 1000)
        numbers += _amounts(bid.amounts)
    said = (lane, process) if aloft >= 0 else (lane,)
    return _run("admit", known, today.opening(known), numbers, *said)


def ask_note(known: Known, today: Today, news: Sequence[News], aloft: int, process: str) -> Command:
    """Take note of news."""
    numbers: list[float] = [aloft, 0, len(news), 0]
    for each in news:
        _add_news(known, numbers, each)
    return _run("news", known, today.opening(known), numbers, process)


def ask_leave(known: Known, lane: str) -> Command:
    """A lane waits no more."""
    return _run("leave", known, known.opening(), (), lane)


def ask_forecast(known: Known, lane: str, ahead: Amounts, own: Amounts) -> Command:
    """When can ``own`` leave after ``ahead``?"""
    return _run("forecast", known, known.opening(), [*_amounts(own), *_amounts(ahead)], lane)


def ask_view(known: Known) -> Command:
    """What is used, and who waits?"""
    return _run("view", known, known.opening(), ())


def ask_change(known: Known, layout: Layout, rules: str, lessons: Lessons) -> Command:
    """Let these hold from now on, with this layout."""
    numbers, head = [known.edition, *lesson_numbers(lessons)], b""
    if layout is not known.layout:
        head = layout.head(known.born, known.version + 1, lessons)
        numbers += layout.mapping(known.layout)
    texts = rules, codec.encode_lessons(lessons), lessons.advice
    return _run("change", known, known.opening(), numbers, *texts, head)


def ask_read(keys: Sequence[str], moment: int = 0, unreadable: Sequence[bytes] = (b"", b"")) -> Command:
    """What is kept of a scope? Rules and lessons that are ``unreadable`` are set aside."""
    return run("read", keys, moment, SCHEMA, *unreadable)


def ask_create(keys: Sequence[str], moment: int, layout: Layout, rules: str, lessons: Lessons) -> Command:
    """Begin the book of a scope."""
    texts = rules, codec.encode_lessons(lessons), lessons.advice
    head = layout.head(0, 0, lessons)
    return run("create", keys, moment, head, layout.latest_at, layout.size, layout.ttl // 1000, *texts)


def _run(name: str, known: Known, opening: bytes, numbers: Sequence[float], *args: Word) -> Command:
    pack = _PACKERS.get(len(numbers)) or _packer(len(numbers))
    script = load(name)
    words = ("EVALSHA", script.sha, len(known.keys), *known.keys, opening + pack(*numbers), *args)
    return Command(words, script)


_PACKERS: dict[int, Callable[..., bytes]] = {}


def _packer(count: int) -> Callable[..., bytes]:
    return _PACKERS.setdefault(count, struct.Struct(f"<{count}d").pack)


def _add_news(known: Known, numbers: list[float], news: News) -> None:
    layout, skew = known.layout, known.skew
    hold, (new_begun, new_arrived, new_row) = news
    begun, arrived, row = hold.booked
    for window in layout.windows:
        margin = window.margin
        numbers.append(skew - -min(arrived, begun + margin) // 1000)
        numbers.append(skew - -min(new_arrived, new_begun + margin) // 1000)
    numbers += layout.spread(row)
    numbers += layout.spread(new_row)
    for zone in layout.zones:
        numbers += (*hold.page.days.get(zone, ()), 0, 0)[:2]


def _amounts(amounts: Amounts) -> list[int]:
    numbers = [0] * len(KINDS)
    for kind, amount in amounts.items():
        numbers[_INDEX[kind]] = amount
    return numbers
