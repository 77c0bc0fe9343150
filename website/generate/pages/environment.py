"""The page ``/keys/environment-variables``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from website.generate import notes
from website.generate.mdx import FILTER, code, fence, front_matter, page, table
from website.generate.places import REPOSITORY
from website.generate.reading.distribution import massgen_directory, massgen_version
from website.generate.reading.environment import Read, environment_reads

__all__ = ["render"]

_NOTES = "environment"
_VERIFIED = (
    'massgen/cli/backends.py#os.getenv("XAI_API_KEY")',
    "massgen/cli/config_loading.py#def _expand_env_vars",
    "massgen/mcp_tools/security.py#def substitute_env_variables",
    "massgen/logger_config.py#MASSGEN_LOG_BASE_DIR",
    "massgen/server/settings.py#MASSGEN_SERVER_HOST",
    "massgen_plugins/host/switch.py#MASSGEN_RATE_LIMIT",
    "tests/handbook/test_generated.py",
)
_PLACES_SHOWN = 3


def render() -> str:
    """The page."""
    version = massgen_version()
    reads = _by_name()
    about = notes.load(_NOTES)["about"]
    notes.require_known(_NOTES, about, reads)
    head = front_matter(
        "Environment variables of MassGen and the plugin",
        f"Look up every environment variable that MassGen {version} or the plugin reads, and what it does.",
        version,
        _VERIFIED,
    )
    wanted = dict.fromkeys(name for name, places in reads.items() if any(_is_ours(read) for read in places))
    for group in notes.load(_NOTES)["group"]:
        wanted.update(dict.fromkeys(name for name in group["members"] if name in reads))
    parts = [_group(group, members, reads, about) for group, members in notes.groups(_NOTES, wanted)]
    return page(head, _opening(version, len(wanted)), _how_to_read(), FILTER, *parts, _expansion(), _next())


def _by_name() -> Mapping[str, Sequence[Read]]:
    """Variable to every place that reads it: MassGen, the plugin, and the clients that notes name."""
    package = massgen_directory()
    places = [(package, "massgen"), (REPOSITORY / "massgen_plugins", "massgen_plugins")]
    places += [(package.parent / client, client) for client in notes.load(_NOTES)["clients"]]
    reads = defaultdict(list)
    for read in (read for place in places for read in environment_reads(*place)):
        reads[read.name].append(read)
    return reads


def _is_ours(read: Read) -> bool:
    return read.file.startswith(("massgen/", "massgen_plugins/"))


def _opening(version: str, count: int) -> str:
    return f"""\
Every environment variable that MassGen, this plugin and the providers' clients read: keys, addresses, and
settings. Use it to set up a container or a CI job, or to find out what a `MASSGEN_...` line in a `.env` does.

The {count} names come out of the source: every `os.getenv` and `os.environ` of MassGen {version} and of
`massgen-plugins`, and those of the providers' clients that change where a request goes."""


def _how_to_read() -> str:
    return """\
## How to read the tables

* The first column has the name and, after "default", what holds when it is not set.
* "Read in" says which files of the package read it, so that you can look for yourself. `massgen/` is left
  out.
* Names are case-sensitive on Linux and macOS.
* MassGen reads `.env` files as well; a variable that is set already always wins over them.
  [Which file is read first](/keys/where-keys-are-read) is not what most people expect."""


def _group(
    group: Mapping[str, str],
    members: Iterable[str],
    reads: Mapping[str, Sequence[Read]],
    about: Mapping[str, str],
) -> str:
    rows = [
        (
            _name(name, reads[name]),
            f"{about.get(name, 'Not described yet.')}<br/>Read in {_places(reads[name])}",
        )
        for name in members
    ]
    return f"## {group['title']}\n\n{group['about']}\n\n{table(('Variable', 'What it does'), rows)}"


def _name(name: str, places: Sequence[Read]) -> str:
    defaults = sorted({read.default for read in places if read.default.strip("'\"") and _is_ours(read)})
    plain = [default.strip("'") for default in defaults if default.startswith("'")]
    return code(name) + (f"<br/>default {code(plain[0])}" if len(plain) == 1 else "")


def _places(places: Sequence[Read]) -> str:
    clients: Mapping[str, str] = notes.load(_NOTES)["clients"]
    files = sorted({read.file for read in places if _is_ours(read)})
    shown = [code(file.removeprefix("massgen/")) for file in files[:_PLACES_SHOWN]]
    more = len(files) - len(shown)
    if more:
        shown.append(f"{more} more")
    if not shown:
        names = {read.file.split("/", 1)[0] for read in places}
        shown = sorted(text for client, text in clients.items() if client.split("/")[0] in names)
    return ", ".join(shown)


def _expansion() -> str:
    example = """\
agents:
  - id: researcher
    backend:
      type: chatcompletion
      model: ${TEAM_MODEL}
      base_url: ${TEAM_ENDPOINT}"""
    return f"""\
## Variables of your own in a configuration

Any text in a configuration may hold `${{NAME}}`: MassGen puts the variable's value there when it loads the
file.

{fence("yaml massgen-fragment custom-model", example)}

Two things to know:

* A variable that is not set stays as it is written, `${{TEAM_MODEL}}`, and is sent to the provider like that.
  There is no error when the file is loaded.
  {{/* verified: massgen/cli/config_loading.py#leaves the ${{VAR_NAME}} string as-is */}}
* Inside `mcp_servers` it is the other way round: a variable that is not set, or is empty, is an error that
  names it. {{/* verified: massgen/mcp_tools/security.py#Required environment variable */}}"""


def _next() -> str:
    return """\
## Next

* [Where keys are read](/keys/where-keys-are-read): files, their order, and how to see which key is used.
* [Keep keys safe](/keys/keep-keys-safe)
* [CI environments](/install/ci-environments): which of these a job needs."""
