"""The page ``/reference/versions``."""

from __future__ import annotations

import re

from massgen_plugins.cli.installed_host import LEAST_VERSION
from website.generate.mdx import code, front_matter, page, table
from website.generate.places import REPOSITORY
from website.generate.reading.distribution import massgen_version
from website.generate.reading.plugin import plugin_version
from website.generate.release.versions import Row, rows

__all__ = ["render", "tried_versions"]

_VERIFIED = (
    "README.md#were tried",
    "massgen_plugins/cli/installed_host.py#LEAST_VERSION",
    "website/generate/versions.json",
    "massgen_plugins/cli/checks/seams.py#_SEAMS",
    "tests/handbook/test_generated.py",
)


def render() -> str:
    """The page."""
    version = massgen_version()
    head = front_matter(
        "Versions of MassGen, and what changed",
        f"See which MassGen versions this handbook and the plugin were checked with, and what {version} has.",
        version,
        _VERIFIED,
    )
    return page(head, _opening(version), _counts(), _plugin(), _promises(), _NEXT)


def _opening(version: str) -> str:
    return f"""\
Compare `pip show massgen` with the version below: what this handbook says holds for that one. The table shows
which versions the plugin supports, and what each release of MassGen changed.

This handbook describes **MassGen {version}** and **massgen-plugins {plugin_version()}**. Every page says in
its head which version its facts were checked with, and every page of the reference is written from that
version by a program.

```bash check
pip show massgen massgen-plugins
```"""


def _counts() -> str:
    table_of = table(
        ("MassGen", "Python", "Backends", "Models", "Options", "Keys", "Examples"),
        [_cells(row) for row in rows()],
    )
    return f"""\
## What versions have

MassGen is released several times a week. One row for each version with which the program that writes the
reference was run, counted by it; keys are those that MassGen declares under `orchestrator`, `coordination`
and `timeout_settings`.

{table_of}"""


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (row["backends"], row["models"], row["options"], row["keys"], row["examples"])
    return code(row["version"]), f"{row['python']}+", *(str(number) for number in numbers)


def tried_versions() -> list[str]:
    """The versions of MassGen that the README says were tried, in its order."""
    text = " ".join((REPOSITORY / "README.md").read_text("utf-8").split())
    found = re.search(r"Works with MassGen [0-9.]+ and newer \((.+?) were tried", text)
    return re.findall(r"[0-9]+\.[0-9]+\.[0-9]+", found[1]) if found else []


def _plugin() -> str:
    newest = massgen_version()
    states = [
        (
            code(each),
            "The whole test suite, and real runs." if each == newest else "Real runs against the sandbox.",
        )
        for each in reversed(tried_versions())
    ]
    return f"""\
## The plugin and MassGen

The plugin needs MassGen {LEAST_VERSION} or newer and Python 3.11 or newer. It attaches to names
inside of MassGen, so a version may break it. `massgen-rl doctor` says whether the names are there, starts
MassGen, and looks whether the plugin attached; `massgen-rl doctor --quick` looks at the names alone.

{table(("MassGen", "What was done with it"), states)}

Versions up to 0.1.25 run into a loop of MassGen's own when a day's quota is used up, so they are not
supported. A version that is not in the table is likely to work if `doctor` finds every place it needs."""


def _promises() -> str:
    return """\
## What may change when

* **MassGen** is below 1.0 and changes keys, options and defaults in any release. Pin it:
  [Upgrade, pin, roll back](/install/upgrade).
* **The plugin's** keys, hooks and JSON documents only grow: what is there today stays. A new version may need
  a newer MassGen.
* **This handbook** moves with each release. The list of what changed is made by the program that writes the
  reference: new and removed backends, models, options, keys, variables, and changed defaults. [How
  documentation is released](/policies/documentation)."""


_NEXT = """\
## Next

* [Upgrade, pin, roll back](/install/upgrade): how to stay on a version, and how to leave it.
* [Known traps](/fix/known-traps): what is wrong in this version, and how to live with it."""
