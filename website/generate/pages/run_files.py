"""The page ``/reference/files-and-exit-codes``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from massgen_plugins.cli import exits
from website.generate import notes
from website.generate.mdx import code, fence, front_matter, page, table
from website.generate.places import REPOSITORY
from website.generate.reading.distribution import massgen_directory, massgen_version
from website.generate.reading.run_files import exit_codes, status_fields

__all__ = ["render"]

_NOTES = "files"
_VERIFIED = (
    "massgen/cli/_constants.py#EXIT_CONFIG_ERROR",
    "massgen/coordination_tracker.py#def save_status_file",
    "massgen/logger_config.py#def _get_log_base_dir",
    "massgen/orchestrator_collaborators/snapshot_manager.py#vote.json",
    "massgen_plugins/cli/exits.py#NO_HOST",
    "tests/handbook/test_generated.py",
)


def render() -> str:
    """The page."""
    version = massgen_version()
    head = front_matter(
        "Files and exit codes of MassGen",
        f"Know every file that a MassGen {version} run leaves, each field of status.json and each exit code.",
        version,
        _VERIFIED,
    )
    places: Sequence[Mapping[str, Any]] = notes.load(_NOTES)["place"]
    return page(head, _opening(version), _quick(), *map(_place, places), _status(), _exit_codes(), _next())


def _opening(version: str) -> str:
    return f"""\
Every file that a run leaves, every field of `status.json`, and every exit code. Use it to find the answer
in a script, to tell from outside how a run ended, and to know which files you may delete.

The list of fields is what MassGen {version} itself writes; the files are those of a real run, each name
checked against the source. `MASSGEN_LOG_BASE_DIR` [moves the logs](/keys/environment-variables) elsewhere."""


def _quick() -> str:
    script = """\
massgen --automation --config team.yaml --output-file answer.txt "Your question" > run.out
status=$(sed -n 's/^STATUS: //p' run.out)
python -c 'import json, sys; print(json.load(open(sys.argv[1]))["finish_reason"])' "$status\""""
    return f"""\
## What a script needs

`--automation` prints where things are: `LOG_DIR:`, `STATUS:` and, at the end, `ANSWER:`.
[The line `ANSWER:`](/operate/automation#success) tells whether there is an answer.
The state of the run is in `status.json`:

{fence("bash check", script)}

You should see `completed`. `in_progress` in a run that is over means that every agent failed."""


def _place(place: Mapping[str, Any]) -> str:
    rows = [(code(name), about) for name, source, about in place["files"] if _require_name(name, source)]
    return f"""\
## {place["title"]}

{place["about"]} All paths below begin with `{place["root"]}`.

{table(("File", "What is in it"), rows)}"""


def _require_name(name: str, source: str) -> bool:
    """True if the last part of a file's name stands in the source that handles it; an error if not."""
    root = REPOSITORY if source.startswith("massgen_plugins/") else massgen_directory().parent
    last = [part for part in name.split("/") if part and not part.isupper() and "_ID" not in part][-1]
    notes.require_known(
        _NOTES, [last], [last] if last.removeprefix("AGENT") in (root / source).read_text() else []
    )
    return True


def _status() -> str:
    texts: Mapping[str, str] = notes.load(_NOTES)["status"]
    fields = status_fields()
    notes.require_known(_NOTES, texts, fields)
    parts = [_fields(title, [field for field in fields if chosen(field)], texts) for title, chosen in _PARTS]
    return "\n\n".join((_STATUS, *parts))


_STATUS = """\
## `status.json` {/* #status */}

Written every time something happens, so a script can poll it; it is replaced as a whole, so you never meet
half a file. Times are seconds since 1970 unless they say otherwise.
{/* verified: massgen/coordination_tracker.py#temp_file.replace */}"""

_PARTS = (
    ("How it stands", lambda field: "." not in field),
    ("`meta`", lambda field: field.startswith("meta.")),
    ("Sums", lambda field: field.startswith(("costs.", "tools.", "rounds."))),
    ("`coordination`", lambda field: field.startswith("coordination.")),
    ("Each agent", lambda field: field.startswith("agents.")),
    ("`results`", lambda field: field.startswith("results.")),
)


def _fields(title: str, fields: Iterable[str], texts: Mapping[str, str]) -> str:
    rows = [(code(field), texts.get(field, "New in this version.")) for field in fields]
    return f"### {title}\n\n{table(('Field', 'What it says'), rows)}"


def _exit_codes() -> str:
    texts: Mapping[str, str] = notes.load(_NOTES)["exit_codes"]
    codes = exit_codes()
    notes.require_known(_NOTES, texts, codes)
    ours = [
        (exits.CHECK_FAILED, "A check failed, or the store cannot be used."),
        (exits.WRONG_INPUT, "Command line, settings file or environment variable is wrong."),
        (exits.SPENT, "A day, or a month, is used up (`status --exit-code`, `watch --exit-status`)."),
        (exits.NO_HOST, "`run`, `demo`, `init`: MassGen is missing, or not supported."),
        (exits.INTERRUPTED, "Ctrl-C."),
        (exits.BROKEN_PIPE, "Whoever read the output has gone, as `head` does."),
    ]
    return f"""\
## Exit codes

### `massgen`

{table(("Code", "Meaning"), [(code(str(value)), texts.get(name, name)) for name, value in codes.items()])}

A wrong option ends with 2 as well: Python's argument parser does that before MassGen starts.

### `massgen-rl`

{table(("Code", "Meaning"), [("`0`", "Fine."), *((code(str(value)), text) for value, text in ours)])}

`massgen-rl run` otherwise ends with MassGen's own code."""


def _next() -> str:
    return """\
## Next

* [Automation](/operate/automation): whole scripts around these files.
* [Observe a run](/operate/observe): the same while it goes on.
* [Security checklist](/operate/security-checklist): what not to leave lying about."""
