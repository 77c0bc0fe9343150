"""A plugin that records which calls the limiter delays, admits and settles.

The demo registers it for its own runs by an entry point, as third parties do.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from weakref import WeakKeyDictionary

from massgen_plugins.demo.household import RECORD_VARIABLE
from massgen_plugins.hookspecs import MiddlewareContext, hookimpl
from massgen_plugins.middleware import Action, CallOutcome, Middleware, ModelCall, Usage
from massgen_plugins.quota import MINUTE, Kind, Pool, PoolRules

__all__ = ["Record", "massgen_middleware", "read_record"]


class _Observer(Middleware):
    def __init__(self, file: Path, rules: Callable[[Pool], PoolRules | None]) -> None:
        self._file = file
        self._rules = rules
        self._numbers: WeakKeyDictionary[ModelCall, int] = WeakKeyDictionary()
        self._next = count()

    async def before_call(self, call: ModelCall) -> None:
        rules = self._rules(call.pool)
        limits = rules.limits if rules else ()
        rpm = [x.amount for x in limits if x.kind == Kind.REQUESTS and x.window == MINUTE]
        self._write("asked", call, min(rpm, default=0))

    def on_written(self, call: ModelCall) -> None:
        self._write("left", call)

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        if not outcome.sent:
            self._write("gone", call)
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Usage) -> None:
        self._write("settled", call, usage.amounts.get(Kind.INPUT_TOKENS, 0))

    def _write(self, what: str, call: ModelCall, amount: int = 0) -> None:
        number = self._numbers.setdefault(call, next(self._next))
        line = json.dumps([what, number, call.model, amount])
        with self._file.open("a", encoding="utf-8") as file:  # a single write is atomic
            file.write(line + "\n")


@hookimpl
def massgen_middleware(context: MiddlewareContext) -> Middleware | None:
    """Add the observer if the demo asked for it."""
    file = os.environ.get(RECORD_VARIABLE)
    return _Observer(Path(file), context.rules) if file else None


@dataclass(frozen=True, slots=True)
class Record:
    """The observer's record so far.

    Attributes:
        calls: Number of admitted calls.
        waiting: Number of waiting calls.
        settled: Settled input tokens, by model.
        rpm: Requests per minute in force, by model.
    """

    calls: int
    waiting: int
    settled: Mapping[str, int]
    rpm: Mapping[str, int]


def read_record(file: Path) -> Record:
    """Read the record of a run, which may still be in progress."""
    latest: dict[int, str] = {}
    usage: dict[int, tuple[str, int]] = {}
    rpm: dict[str, int] = {}
    calls = 0
    for what, call, model, amount in _lines(file):
        latest[call] = what
        calls += what == "left"
        if what == "asked" and amount:
            rpm[model] = amount
        if what == "settled":
            usage[call] = (model, amount)  # the last report counts
    settled: Counter[str] = Counter()
    for model, tokens in usage.values():
        settled[model] += tokens
    return Record(calls, list(latest.values()).count("asked"), dict(settled), rpm)


def _lines(file: Path) -> Iterator[tuple[str, int, str, int]]:
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):  # else it is incomplete
            what, call, model, amount = json.loads(line)
            yield what, call, model, amount
