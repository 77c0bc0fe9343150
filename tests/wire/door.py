"""Our side of the wire: a provider that knows three SDKs, a gate and a middleware that remember."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Any

from massgen_plugins.chain import Chain
from massgen_plugins.middleware import (
    Action,
    Announced,
    Middleware,
    ModelCall,
    Refusal,
    RefusalKind,
    Usage,
)
from massgen_plugins.providers.base import ModelRequest, Provider
from massgen_plugins.quota import Charge, Domain, Kind


class CountsTokens:
    def __init__(self) -> None:
        self._seen = b""

    def feed(self, data: bytes) -> None:
        self._seen += data

    def usage(self):
        found = re.findall(rb'"(?:promptTokenCount|prompt_tokens|input_tokens)": ?(\d+)', self._seen)
        return Usage({Kind.INPUT_TOKENS: int(found[-1])}) if found else None


class KnowsThreeSdks(Provider):
    name = "fake"

    def serves(self, backend_type, base_url):
        return True

    def is_model_call(self, method, url):
        return method == "POST" and re.search(r"enerateContent|/chat/completions|/messages", url) is not None

    def read_request(self, request):
        stream = (
            "streamGenerate" in request.url or re.search(rb'"stream": ?true', request.body or b"") is not None
        )
        return ModelRequest("m", "m", "key", "", {Kind.REQUESTS: Charge(1)}, stream)

    def read_refusal(self, status, headers, body, request):
        if status in (429, 503) or (status == 200 and b'data: {"error"' in body):
            return Refusal(RefusalKind.WINDOW)
        return None

    def read_announcement(self, headers, request):
        limit = headers.get("x-ratelimit-limit-requests")
        return [Announced(Kind.REQUESTS, limit=int(limit))] if limit else []

    def is_preamble(self, event):
        return b"response.created" in event or b"response.in_progress" in event

    def usage_reader(self, request):
        return CountsTokens()


@dataclass
class Recorder(Middleware):
    """Remembers every event; asks for another try after each refusal."""

    events: list[tuple[str, Any]] = field(default_factory=list)
    calls: list[ModelCall] = field(default_factory=list)
    finished: Semaphore = field(default_factory=lambda: Semaphore(0))

    async def before_call(self, call):
        self.calls.append(call)
        self.events.append(("before", None))

    def on_written(self, call):
        self.events.append(("written", None))

    async def after_call(self, call, outcome):
        self.events.append(("after", outcome))
        return Action.SEND_AGAIN if outcome.refusal else Action.PASS

    def on_usage(self, call, usage):
        self.events.append(("usage", usage))

    def on_late_refusal(self, call, refusal):
        self.events.append(("late refusal", refusal))

    def on_finished(self, call):
        self.events.append(("finished", None))
        self.finished.release()

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    @property
    def outcomes(self) -> list[Any]:
        return [detail for name, detail in self.events if name == "after"]

    @property
    def usages(self) -> list[int]:
        return [detail.amounts[Kind.INPUT_TOKENS] for name, detail in self.events if name == "usage"]


class Door:
    """A gate that admits all model calls through the recorder and other middleware."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.chain = Chain([self.recorder])
        self.provider: Any = KnowsThreeSdks()
        self.faults: list[tuple[str, BaseException]] = []
        self.refusals: list[Exception] = []
        self.urgent: list[bool] = []
        self.unknown: list[tuple[str, str]] = []
        self.faults_expected = False

    def provider_for(self, method, url):
        return self.provider if self.provider.is_model_call(method, url) else None

    def opening(self):
        return None

    def open_call(self, provider, request, *, urgent, repeatable):
        self.urgent.append(urgent)
        domain = Domain("fake", "account")
        return ModelCall(
            domain,
            (request.model,),
            request.model,
            "m",
            request.charges,
            urgent=urgent,
            repeatable=repeatable,
        )

    def unrecognised(self, method, url):
        self.unknown.append((method, url))

    def refused(self, call, error):
        self.refusals.append(error)

    def fault(self, place, error):
        self.faults.append((place, error))
