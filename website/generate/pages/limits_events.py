"""The page ``/limits/events-and-metrics``."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Iterator

from massgen_plugins import events
from massgen_plugins.cli import status_json
from website.generate import notes
from website.generate.mdx import code, fence, from_docstring, front_matter, page, prose, sentence, table
from website.generate.reading.comments import argument_texts
from website.generate.reading.distribution import massgen_version
from website.generate.reading.plugin import event_names

__all__ = ["render"]

_NOTES = "events"
_VERIFIED = (
    "massgen_plugins/events/__init__.py#class CallWaits",
    "massgen_plugins/cli/status_json.py#def document",
    "massgen_plugins/host/announce.py#_LONG = 5.0",
    "tests/cli/test_status.py",
    "tests/handbook/test_generated.py",
    "tests/handbook/test_limits_events.py",
)


def render() -> str:
    """The page."""
    names = event_names()
    notes.require_known(_NOTES, notes.load(_NOTES), names)
    head = front_matter(
        "Events and metrics",
        "Watch the rate limiter: every event, every number of status --json, and how to collect them.",
        massgen_version(),
        _VERIFIED,
    )
    return page(
        head, _OPENING, _WHERE, "## Events", *map(_event, names), _COLLECT, _status(), _METRICS, _NEXT
    )


_OPENING = """\
With this page you can see what the limiter does while a run goes on, put its numbers into your monitoring,
and find out afterwards why a run took as long as it did. It is for people who operate runs, and for authors
of plugins.

No event, log line or number carries a key, a prompt or an answer."""

_WHERE = """\
## Where you see it without doing anything

* A wait of **more than 5 seconds** is one warning line in MassGen's log, in its own displays and in
  `events.jsonl`:

  ```text
  massgen-plugins: gemini-2.5-flash: waiting about 59 s for its quota (9 requests per minute). (analyst)
  ```

* Shorter waits are lines of level `INFO` in the log alone.
* A refusal of the plugin is the end of the agent's turn, in the agent's own pane.
* `massgen-rl status` shows the state of every quota at any time, while runs go on and afterwards."""


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

A plugin of one function hears of all of them. It must not block: it is called where the event happened, often
on an event loop. Appending a line to a local file is fine; a request to a server is not.

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


_EXPORTER = '''\
"""Prints what is used of every limit, in the format that Prometheus' textfile collector reads."""

import json
import subprocess

answer = subprocess.run(["massgen-rl", "status", "--json"], capture_output=True, check=True)
document = json.loads(answer.stdout)
for pool in document["pools"]:
    for limit in pool["limits"]:
        labels = f'pool="{pool["pool"]}",limit="{limit["key"]}"'
        print(f'massgen_quota_used{{{labels}}} {limit["used"]}')
        print(f'massgen_quota_cap{{{labels}}} {limit["cap"]}')
    print(f'massgen_quota_waiting{{pool="{pool["pool"]}"}} {pool["waiting"]}')'''

_METRICS = f"""\
### Into Prometheus

There is no port to open. A script that a timer starts once a minute writes a file for the textfile collector:

{fence('python compile title="quota_metrics.py"', _EXPORTER)}

Without limited calls it prints nothing. Two alarms are worth having: `used / cap` above 0.9 of a limit per
*day* in the morning, and `waiting` above 0 for ten minutes."""

_NEXT = """\
## Next

* [Errors](/limits/errors): every sentence that you may meet, with its cure.
* [How it works](/limits/how-it-works): what "free in" means.
* [Observe a run](/operate/observe): MassGen's own logs and events."""
