"""The facts of a domain: what is not arithmetic, as one small document beside the books, in the same swap.

A store's content may be damaged or hostile: everything is checked when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from massgen_plugins.quota import Limit, PoolRules
from massgen_plugins.rate_limit.book import read_window, write_window
from massgen_plugins.rate_limit.estimator import MAX_AMOUNT, Estimates
from massgen_plugins.rate_limit.moment import NEVER
from massgen_plugins.rate_limit.penalties import FULL, Penalties
from massgen_plugins.rate_limit.wall_clock import ClockSample

__all__ = ["Facts"]

_MEMBER_FOR = 900_000_000_000
"""Nanoseconds for which a process counts as a member of the domain without renewal."""

_NUMBERS = ("pause", "closed", "until", "share", "streak", "probe", "since")
_TEXTS = ("advice", "quote", "until_key")
_LONGEST_TEXT = 1000


class Facts:
    """The document of one domain.

    Attributes:
        penalties: By pool, what refusals imposed and announcements stated.
        estimates: By model, how estimates relate to true use.
        rules: By pool, the rules last declared by any process.
        clock: The last sample of the provider's clock, if any.
        members: Processes that use the domain, with the tick of each one's last renewal.
        epoch: Identifies these books: when they were begun, in nanoseconds since the epoch.
    """

    def __init__(self, epoch: int = 0) -> None:
        self.penalties: dict[str, Penalties] = {}
        self.estimates: dict[str, Estimates] = {}
        self.rules: dict[str, PoolRules] = {}
        self.clock: ClockSample | None = None
        self.members: dict[str, int] = {}
        self.epoch = epoch

    def others(self, process: str, now: int) -> int:
        """The number of other processes that use the domain."""
        return sum(name != process and now - seen < _MEMBER_FOR for name, seen in self.members.items())

    def any_absent(self, since: int) -> bool:
        """Whether any process that uses the domain was last seen before ``since``."""
        return any(seen < since for seen in self.members.values())

    def register_member(self, process: str, now: int) -> None:
        """Register or renew a process, and drop lapsed ones."""
        self.members = {name: seen for name, seen in self.members.items() if now - seen < _MEMBER_FOR}
        self.members[process] = now

    def dump(self) -> bytes:
        """Serialize for a store."""
        document = {
            "epoch": self.epoch,
            "penalties": {pool: _write_penalties(each) for pool, each in self.penalties.items()},
            "estimates": {model: each.samples for model, each in self.estimates.items()},
            "rules": {pool: _write_rules(rules) for pool, rules in self.rules.items()},
            "clock": self.clock,
            "members": self.members,
        }
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def restore(cls, data: bytes) -> Facts:
        """Deserialize; raises ValueError if damaged."""
        try:
            document = json.loads(data)
            facts = cls(_number(document["epoch"]))
            facts.penalties = {str(k): _read_penalties(v) for k, v in document["penalties"].items()}
            facts.estimates = {str(k): _read_estimates(v) for k, v in document["estimates"].items()}
            facts.rules = {str(k): _read_rules(v) for k, v in document["rules"].items()}
            if document["clock"] is not None:
                facts.clock = ClockSample(*map(_number, document["clock"]))
            facts.members = {str(name)[:80]: _number(seen) for name, seen in document["members"].items()}
        except (AttributeError, TypeError, LookupError, RecursionError) as error:
            raise ValueError(f"the facts are damaged: {type(error).__name__}") from None
        return facts


def _write_penalties(penalties: Penalties) -> dict[str, Any]:
    written = {name: getattr(penalties, name) for name in (*_NUMBERS, *_TEXTS)}
    written["learned"] = [_write_limit(limit) for limit in penalties.learned.values()]
    return {name: value for name, value in written.items() if value}


def _read_penalties(written: Mapping[str, Any]) -> Penalties:
    numbers = {name: _number(written.get(name, 0), -1) for name in _NUMBERS}
    numbers["share"] = min(FULL, max(1, numbers["share"]))
    texts = {name: str(written.get(name, ""))[:_LONGEST_TEXT] for name in _TEXTS}
    learned = {limit.key: limit for limit in map(_read_limit, written.get("learned", ()))}
    return Penalties(**numbers, **texts, learned=learned)  # type: ignore[arg-type] # of two types


def _read_estimates(samples: Mapping[str, Any]) -> Estimates:
    return Estimates({str(kind): [_number(one) for one in row][-20:] for kind, row in samples.items()})


def _write_rules(rules: PoolRules) -> list[Any]:
    return [rules.profile, [_write_limit(limit) for limit in rules.limits]]


def _read_rules(written: Any) -> PoolRules:
    profile, limits = written
    return PoolRules(tuple(_read_limit(each) for each in limits), profile=str(profile)[:80])


def _write_limit(limit: Limit) -> list[Any]:
    return [limit.kind, limit.amount, *write_window(limit.window)]


def _read_limit(written: Any) -> Limit:
    kind, amount, shape, size = written
    return Limit(str(kind)[:40], min(_number(amount), MAX_AMOUNT), read_window([shape, size]))


def _number(value: Any, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= NEVER:
        raise ValueError("the facts hold a number out of its range")
    return value
