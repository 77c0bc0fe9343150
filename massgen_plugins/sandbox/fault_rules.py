"""Configuration of injected faults: which fault, for which requests, and where in the response."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from massgen_plugins.sandbox.limits import STRICT, Amount, Seconds

__all__ = ["Fault", "FaultRule", "Place"]


class Fault(StrEnum):
    """An injected fault; each protocol uses its own or its most similar error.

    Quota refusals first, then permanent ones (``LIMIT_ZERO``, ``PREPAY_EMPTY``, ``INSUFFICIENT_QUOTA``,
    ``SPEND_CAP``, ``REQUEST_TOO_LARGE``), then server errors. ``FLAT_ERROR`` is an error event of the
    Responses API whose fields are not nested.
    """

    MINUTE_TOKENS = "minute_tokens"
    MINUTE_REQUESTS = "minute_requests"
    MINUTE_REQUESTS_WITHOUT_VALUE = "minute_requests_without_value"
    PAID_DAY = "paid_day"
    FREE_DAY = "free_day"
    ROLLING_DAY = "rolling_day"
    CONCURRENCY = "concurrency"
    ACCELERATION = "acceleration"
    TOOL_QUOTA = "tool_quota"
    UPSTREAM = "upstream"
    IN_FLIGHT_BUDGET = "in_flight_budget"
    NO_DETAILS = "no_details"
    HELP_ONLY = "help_only"
    SPEND = "spend"
    VERTEX_SHARED = "vertex_shared"
    LIMIT_ZERO = "limit_zero"
    PREPAY_EMPTY = "prepay_empty"
    INSUFFICIENT_QUOTA = "insufficient_quota"
    SPEND_CAP = "spend_cap"
    REQUEST_TOO_LARGE = "request_too_large"
    FLAT_ERROR = "flat_error"
    INTERNAL = "internal"
    OVERLOADED = "overloaded"
    RESET = "reset"
    STALL = "stall"

    @property
    def is_refusal(self) -> bool:
        """Whether the fault refuses the request, usually with a 429."""
        return self not in {Fault.INTERNAL, Fault.OVERLOADED, Fault.RESET, Fault.STALL}


class Place(StrEnum):
    """Where a fault strikes: instead of the response's headers, or inside a 200 stream.

    ``FIRST_EVENT``: as the first event. ``PREAMBLE``: after the events that precede any content
    (``response.created``, the role of a chat message). ``MID_STREAM``: after ``after_chunks`` events.
    ``END``: after all content, instead of the closing events.
    In responses that are not streamed, every fault strikes at the headers.
    """

    HEADERS = "headers"
    FIRST_EVENT = "first_event"
    PREAMBLE = "preamble"
    MID_STREAM = "mid_stream"
    END = "end"


@dataclass(frozen=True, config=STRICT)
class FaultRule:
    """When a fault strikes. Requests are counted per rule, from 1, among those for ``model``.

    ``model``: the resolved model, or ``*`` for all.
    ``every``: every n-th request (1 = all); ``nth``: these requests; ``probability``: 0 to 1, seeded.
    ``place``: where; ``after_chunks``: events before a fault in ``MID_STREAM``.
    ``quota_value``: the limit stated in a refusal (default: 10 requests or 250000 tokens).
    ``seconds``: the retry delay of a refusal, or for how long a ``STALL`` delays the headers.
    ``until``: the date in a ``SPEND_CAP``, such as ``2026-12-01``.
    """

    fault: Fault
    model: str = "*"
    every: Amount = 0
    nth: tuple[int, ...] = ()
    probability: Annotated[float, Field(ge=0, le=1)] = 0.0
    place: Place = Place.HEADERS
    after_chunks: Annotated[int, Field(ge=1)] = 1
    quota_value: Amount | None = None
    seconds: Seconds = 2.5
    until: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")] = "2026-12-01"

    def __post_init__(self) -> None:
        if not (self.every or self.nth or self.probability):
            raise ValueError("a fault needs `every`, `nth` or `probability`, else it never strikes")
        if self.fault is Fault.STALL and self.place is not Place.HEADERS:
            raise ValueError("a stall holds back the headers: its place must be `headers`")
