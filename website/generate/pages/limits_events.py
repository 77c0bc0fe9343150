"""The page ``/limits/events-and-metrics``."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Iterator

from massgen_plugins import events
from massgen_plugins.cli import status_json
from massgen_plugins.metrics.names import COUNTERS, GAUGES, HISTOGRAM
from website.generate import notes
from website.generate.mdx import code, fence, from_docstring, front_matter, page, prose, sentence, table
from website.generate.reading.comments import argument_texts
from website.generate.reading.distribution import massgen_version
from website.generate.reading.plugin import event_names

__all__ = ["render"]

_NOTES = "events"
_VERIFIED = (
    "massgen_plugins/events/calls.py#class CallWaits",
    "massgen_plugins/cli/status_json.py#def document",
    "massgen_plugins/host/announce.py#_LONG = 5.0",
    "massgen_plugins/metrics/names.py#GAUGES",
    "tests/cli/test_status.py",
    "tests/events/test_sinks.py",
    "tests/handbook/test_generated.py",
    "tests/handbook/test_limits_events.py",
    "tests/host/test_displays.py",
    "tests/metrics/test_collector.py",
)


def render() -> str:
    """The page."""
    names = event_names()
    notes.require_known(_NOTES, notes.load(_NOTES), names)
    head = front_matter(
        "Events and metrics of the limiter",
        "Watch the rate limiter: every event, every number of status --json, Prometheus, and alerts.",
        massgen_version(),
        _VERIFIED,
    )
    return page(
        head, _OPENING, _WHERE, "## Events", *map(_event, names), _COLLECT, _status(), _metrics(), _NEXT
    )


_OPENING = """\
See what the limiter does while a run goes on, put its numbers into your monitoring,
and find out afterwards why a run took as long as it did. This page is for people who operate runs, and for
authors of plugins.

No event, log line or number carries a key, a prompt or an answer."""

_DISPLAYS = (
    (
        "Full screen (`textual`)",
        "an empty circle in the agent's tab, `⏳ 0:23` beside the time of its round",
        "a line in the agent's text",
    ),
    (
        "`--display rich`",
        "a line in the footer: how many wait, who goes on next, and when",
        "a line in the agent's panel, an hourglass beside its name",
    ),
    ("`--automation`", "nothing", "`WAIT: agent_4 61s 4/min 3rd`, `WAITED: agent_4 61s`"),
    ("`--no-display`", "nothing", "a line for the agent"),
    (
        "Web page",
        "the countdown in place of the phase, every second",
        "a line in the agent's column",
    ),
)

_WHERE = f"""\
## Where you see it without doing anything

A wait of **more than 5 seconds** has a beginning, a countdown and an end:

{table(("Display", "While it waits", "At its beginning and end"), _DISPLAYS)}

* In `WAIT:` lines the fields are the agent's name, seconds, what is waited for, and the place in the queue;
  only the name may contain blanks. `WAITED:` says how long it was, and `not-sent` if the call did not leave.
* `events.jsonl` of the run has an event `backend_status` for each beginning (`kind: quota_wait`, with
  seconds, place, limit and the moment of the end) and each end (`quota_wait_over`).
* `rate_limit.json` is beside MassGen's `status.json`: who waits until when, and what was counted so far.
  `massgen.run()` [returns the same](/integrate/python-api#result) under the key `rate_limit`.
* All of these places, `massgen-rl status` and `massgen-rl watch` tell the same second
  (`tests/e2e/test_same_second.py`). `python tests/e2e/screens.py --display rich --columns 40 --out FOLDER`
  records a display of your choice with `watch` beside it.
* On 40 columns the footer of `rich` keeps how many wait and when the next one leaves, and the full screen
  keeps the countdown of the tab that is open. The rest is MassGen's own layout: at 40 columns `rich` has room
  for one agent's panel, at 80 for three; the full screen shows two tabs, `--no-display` folds its lines.
* Shorter waits are lines of level `INFO` in the log alone.
* A refusal of the plugin is the end of the agent's turn, in the agent's own pane.
* At the end one summary is printed on stderr: calls, refusals, how much of the time was waiting, what the
  quota alone demands, and what would have been sooner.
* `massgen-rl watch` and `massgen-rl status` show the state of every quota, while runs go on and afterwards.

In MassGen's log, `massgen.log`, a wait begins with the whole sentence, and the agent's name behind it:

```text
massgen-plugins: gemini-2.5-flash: waiting about 59 s for its quota (9 requests per minute). (analyst)
```

A wait is taken out of what MassGen measures: the time to the first token in `massgen logs` is the model's,
and round timeouts do not count it. `orchestrator_timeout_seconds` does count it; when it would end the run
before a wait is over, the line at the beginning of the wait says so.

`announce: {{names: false}}` under `rate_limit:` shows `#1`, `#2` and so on instead of agents' names, in
all of these places and in events."""


def _event(name: str) -> str:
    event = getattr(events, name)
    note = notes.load(_NOTES).get(name, {"when": "", "do": ""})
    texts = argument_texts(inspect.getdoc(event) or "", "Attributes:")
    rows = [
        (
            code(field.name),
            prose(str(field.type)),
            sentence(from_docstring(texts.get(field.name, _USUAL.get(field.name, "")))),
        )
        for field in dataclasses.fields(event)
    ]
    parts = (
        f"### `{name}`",
        note["when"],
        f"*What to do*: {note['do']}",
        table(("Field", "Type", "What it is"), rows),
    )
    return "\n\n".join(part for part in parts if part)


_USUAL = {
    "pool": "Whose quota it is",
    "agent_id": "Whose call it is; None outside of any agent's stream",
    "message": "The same in one sentence",
}
"""What fields mean whose event does not say it, since another event does."""


_PLUGIN = '''\
"""Writes every event of the limiter as one line of JSON."""

import dataclasses
import json
import os
import time

from massgen_plugins.hookspecs import hookimpl


@hookimpl
def massgen_event(event):
    fields = {key: value for key, value in dataclasses.asdict(event).items() if key != "pool"}
    line = {"time": time.time(), "event": type(event).__name__, **fields}
    if (pool := getattr(event, "pool", None)) is not None:
        line["pool"] = str(pool)
    with open(os.environ["LIMIT_EVENTS"], "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\\n")'''

_COLLECT = f"""\
## Collecting events

With `announce: {{events: true}}` under `rate_limit:` each process appends its events, as lines of JSON, to
`events.jsonl` in the state directory (`~/.local/state/massgen-plugins` on Linux). Only you can read it; after
ten megabytes another file is begun, and three older ones are kept.

A program that uses OpenTelemetry, such as MassGen with `--logfire`, receives `gen_ai.client.token.usage`,
`gen_ai.client.operation.duration`, `massgen_rl.wait.duration` and `massgen_rl.calls` from the meter
`massgen_plugins`, and a span event `massgen_rl.wait` in the span around a call that has waited.

Each of these has a thread and a bounded queue of its own: one that hangs holds up nobody.

A plugin of one function hears of all events, too. It must not block: it is called where the event happened,
often on an event loop. Appending a line to a local file is fine; for more hand events to
`massgen_plugins.events.sink.BackgroundSink`.

{fence('python compile title="limit_events.py"', _PLUGIN)}

Give it an entry point, and it is found wherever it is installed beside MassGen:

{
    fence(
        'toml title="pyproject.toml"',
        '''[project]
name = "limit-events"
version = "1"
dependencies = ["massgen-plugins"]

[project.entry-points.massgen_plugins]
limit-events = "limit_events"''',
    )
}

[Hooks](/limits/hooks) has the whole of the plugin interface."""


def _status() -> str:
    rows = list(_rows())
    known = set(_literal_keys())
    notes.require_known("docstring of status_json", known, {name.rpartition(".")[2] for name, _ in rows})
    cells = [(code(name), sentence(prose(text)) or "As the name says.") for name, text in rows]
    return f"""\
## The numbers: `massgen-rl status --json` {{/* #status */}}

One document with everything that the store knows. Keys are stable: later versions add some, and take none
away. Dots stand for nesting; `pools`, `queue` and `limits` are lists. A *pool* is a set of limits that are
booked together: a model's own, one that models share, or those of the whole account.

{fence("bash check", "massgen-rl status --json")}

{table(("Field", "What it is"), cells)}"""


def _rows() -> Iterator[tuple[str, str]]:
    """Fields of the document as the module's docstring lists them, indented by nesting."""
    text = inspect.getdoc(status_json) or ""
    above: list[tuple[int, str]] = []
    for line in text.partition("The document::")[2].splitlines():
        match = re.fullmatch(r"( *)([a-z_]+(?:, [a-z_]+)*):?(?: {2,}(.*))?", line)
        if not match:
            continue
        indent = len(match[1])
        above = [(depth, name) for depth, name in above if depth < indent]
        prefix = "".join(f"{name}." for _, name in above)
        for name in match[2].split(", "):
            yield (
                f"{prefix}{name}",
                (match[3] or "").replace("a list, one for each", "one entry for each").rstrip(":"),
            )
        above.append((indent, match[2].split(", ")[-1]))


def _literal_keys() -> Iterator[str]:
    for node in ast.walk(ast.parse(inspect.getsource(status_json))):
        if isinstance(node, ast.Dict):
            yield from (str(key.value) for key in node.keys if isinstance(key, ast.Constant))


_METRICS_HEAD = """\
### Into Prometheus

`massgen-rl metrics --serve 127.0.0.1:9464` serves the quotas, waits and calls of all your processes; without
`--serve` it prints them once. It reads the store, the record of calls and the records of running processes,
and sends no request to any provider. Counters begin anew at midnight UTC, which `rate` and `increase`
understand."""

_SERVE = """\
pip install 'massgen-plugins[metrics]'
massgen-rl metrics --serve 127.0.0.1:9464"""

_METRICS_USE = f"""\
{fence("bash other", _SERVE)}

{
    fence(
        'yaml other title="prometheus.yml"',
        '''scrape_configs:
  - job_name: massgen
    scrape_interval: 10s
    static_configs:
      - targets: ["127.0.0.1:9464"]''',
    )
}

Alerts for `rule_files:` (`monitoring/prometheus-massgen-rl.yml`) and a dashboard for Grafana
(`monitoring/grafana-massgen-rl.json`) are among the files that this handbook serves. A program with a
registry of its own takes the collector, `REGISTRY.register(QuotaCollector.of_settings())`, from
`massgen_plugins.metrics`."""


def _metrics() -> str:
    rows = [(code(name), _labelled(labels), sentence(said)) for name, (said, labels) in GAUGES.items()]
    rows += [
        (code(f"{name}_total"), _labelled(labels), sentence(said))
        for name, (said, labels) in COUNTERS.items()
    ]
    name, said, labels = HISTOGRAM
    rows.append((code(name), _labelled(labels), f"{sentence(said)} A histogram."))
    return "\n\n".join((_METRICS_HEAD, table(("Metric", "Labels", "What it is"), rows), _METRICS_USE))


def _labelled(labels: tuple[str, ...]) -> str:
    return ", ".join(map(code, labels)) or "none"


_NEXT = """\
## Next

* [Errors](/limits/errors): every sentence that you may meet, with its fix.
* [How it works](/limits/how-it-works): what a limit is and when it is free again.
* [Observe a run](/operate/observe): MassGen's own logs and events."""
