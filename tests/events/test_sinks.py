"""Where events go that leave the process; a sink that hangs or fails is nobody's trouble."""

from __future__ import annotations

import json
import stat
import threading
from dataclasses import replace

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from massgen_plugins.events import (
    CallAdmitted,
    CallAnswered,
    CallSettled,
    CallTurnedAway,
    PenaltyStarted,
    ProviderRefused,
    Trouble,
)
from massgen_plugins.events.json_lines import JsonLines, as_row
from massgen_plugins.events.opentelemetry import OpenTelemetrySink, add_span_event, is_used
from massgen_plugins.events.sink import BackgroundSink, EventSink
from massgen_plugins.host import sinks as host_sinks
from massgen_plugins.host.sinks import Sinks
from massgen_plugins.quota import Domain, Pool

POOL = Pool(Domain("gemini", "mine"), "flash")
ADMITTED = CallAdmitted(POOL, "a0", "run1", 1, 61.5, 1)
SETTLED = CallSettled(
    POOL, "a0", "run1", 1, 1, "flash", "flash-latest", 0.0, 61.5, 2.0, 200, "answered",
    {"input_tokens": 100, "output_tokens": 20},
)  # fmt: skip


class Kept(EventSink):
    def __init__(self):
        self.events, self.closed, self.seen = [], False, threading.Event()

    def take(self, events):
        self.events += [event for _, event in events]
        self.seen.set()

    def close(self):
        self.closed = True


class Hanging(EventSink):
    def __init__(self):
        self.let_go, self.hangs = threading.Event(), threading.Event()

    def take(self, events):
        self.hangs.set()
        self.let_go.wait(30)


class Failing(EventSink):
    def __init__(self):
        self.tries = threading.Semaphore(0)

    def take(self, events):
        self.tries.release()
        raise OSError("key=sk-secret")


def test_a_sink_takes_events_in_their_order_and_is_closed():
    sink, said = Kept(), []
    background = BackgroundSink(sink, said.append)
    told = [Trouble(str(number)) for number in range(100)]
    for event in told:
        background.tell(event, 0.0)
    background.close(10)
    assert (sink.events, sink.closed, said) == (told, True, [])


def test_a_sink_that_hangs_holds_up_nobody():
    hanging, kept = Hanging(), Kept()
    both = [BackgroundSink(each, print, most=10) for each in (hanging, kept)]
    for background in both:
        background.tell(Trouble("first"), 0.0)
    assert hanging.hangs.wait(10)
    assert kept.seen.wait(10)
    for number in range(100):  # returns at once: the oldest are lost
        both[0].tell(Trouble(str(number)), 0.0)
    assert both[0].lost == 90
    both[0].close(0.01)
    hanging.let_go.set()


def test_a_sink_that_fails_is_named_once_without_its_words():
    sink, said = Failing(), []
    background = BackgroundSink(sink, said.append)
    for _ in range(3):
        background.tell(Trouble("x"), 0.0)
        assert sink.tries.acquire(timeout=10)
    background.close(10)
    assert said == ["The sink of events Failing failed: OSError."]


def test_lines_of_json_are_private_and_have_fields(tmp_path):
    path = tmp_path / "state" / "events.jsonl"
    JsonLines(path).take([(1.5, ADMITTED), (2.0, Trouble("x"))])
    first, second = map(json.loads, path.read_text().splitlines())
    assert {name: first[name] for name in ("time", "event", "provider", "account", "model", "waited")} == {
        "time": 1.5, "event": "CallAdmitted", "provider": "gemini", "account": "mine", "model": "flash",
        "waited": 61.5,
    }  # fmt: skip
    assert (second["event"], second["message"]) == ("Trouble", "x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_of_a_call_that_neither_waits_nor_fails_there_is_one_line(tmp_path):
    path = tmp_path / "events.jsonl"
    admitted, answered = (
        CallAdmitted(POOL, "a0", "run1", 1, 0.0, 1),
        CallAnswered(POOL, "a0", "run1", 1, 200, 0.1),
    )
    sink = BackgroundSink(JsonLines(path), print)
    for event in (
        admitted,
        answered,
        replace(admitted, waited=2.0),
        replace(answered, status=429),
        Trouble("x"),
    ):
        sink.tell(event, 1.0)
    sink.close()
    rows = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert rows == ["CallAdmitted", "CallAnswered", "Trouble"]


def test_the_file_is_kept_small(tmp_path):
    path = tmp_path / "events.jsonl"
    sink = JsonLines(path, most_bytes=500, kept=2)
    for number in range(40):
        sink.take([(float(number), Trouble("x" * 50))])
    files = {each.name: each for each in tmp_path.iterdir() if not each.name.endswith(".lock")}
    assert set(files) == {"events.jsonl", "events.jsonl.1", "events.jsonl.2"}
    assert all(each.stat().st_size <= 500 for each in files.values())
    assert json.loads(path.read_text().splitlines()[-1])["time"] == 39


def test_a_row_is_plain_values():
    row = as_row(SETTLED, 3.0)
    assert json.loads(json.dumps(row)) == row
    assert row["model"] == "flash"
    assert row["amounts"] == {"input_tokens": 100, "output_tokens": 20}


@pytest.fixture
def measured(monkeypatch):
    """What a program that uses OpenTelemetry receives, by instrument."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)

    def read():
        data = json.loads(reader.get_metrics_data().to_json())
        found = [
            each
            for scope in data["resource_metrics"]
            for one in scope["scope_metrics"]
            for each in one["metrics"]
        ]
        return {each["name"]: each for each in found}

    yield read
    provider.shutdown()


def test_opentelemetry_receives_its_own_names(measured):
    sink = OpenTelemetrySink()
    sink.take([(0.0, ADMITTED), (0.0, SETTLED), (0.0, PenaltyStarted(POOL, 60.0, "window"))])
    sink.take([(0.0, CallTurnedAway(POOL, "a0", "x")), (0.0, ProviderRefused(POOL, "window", 3.0))])
    found = measured()
    assert set(found) == {
        "gen_ai.client.token.usage", "gen_ai.client.operation.duration", "massgen_rl.wait.duration",
        "massgen_rl.calls", "massgen_rl.refusals", "massgen_rl.penalty.duration",
    }  # fmt: skip
    (wait,) = found["massgen_rl.wait.duration"]["data"]["data_points"]
    assert (wait["sum"], wait["attributes"]["gen_ai.provider.name"]) == (61.5, "gemini")
    tokens = {
        point["attributes"]["gen_ai.token.type"]: point["sum"]
        for point in found["gen_ai.client.token.usage"]["data"]["data_points"]
    }
    assert tokens == {"input": 100, "output": 20}
    outcomes = {
        point["attributes"]["massgen_rl.outcome"]: point["value"]
        for point in found["massgen_rl.calls"]["data"]["data_points"]
    }
    assert outcomes == {"answered": 1, "turned_away": 1}
    assert found["gen_ai.client.operation.duration"]["unit"] == "s"


def test_a_wait_is_an_event_of_the_span_around_the_call():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("chat flash"):
        add_span_event(ADMITTED)
    (span,) = exporter.get_finished_spans()
    (event,) = span.events
    assert (event.name, event.attributes["massgen_rl.wait.seconds"]) == ("massgen_rl.wait", 61.5)
    add_span_event(ADMITTED)  # outside of any span
    assert trace.get_current_span().is_recording() is False


def test_a_process_has_the_sinks_that_its_settings_want(tmp_path, monkeypatch):
    path = tmp_path / "events.jsonl"
    monkeypatch.setattr(host_sinks, "events_file", lambda: path)
    monkeypatch.setattr(host_sinks, "is_used", lambda: False)
    process = Sinks(print)
    process.begin(keep=False)
    process.tell(ADMITTED)
    assert process._sinks == {}
    process.begin(keep=True)
    process.begin(keep=True)
    process.tell(ADMITTED)
    process.close()
    assert len(path.read_text().splitlines()) == 1
    assert is_used()
