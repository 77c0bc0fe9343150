"""The page ``/limits/profiles``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

from massgen_plugins.profiles.layers import SETTING_KEYS
from massgen_plugins.profiles.limit_values import LIMIT_KEYS
from massgen_plugins.profiles.prices import PRICE_KEYS
from massgen_plugins.profiles.profile import FILE_KEYS, PROFILE_KEYS, Profile
from massgen_plugins.profiles.windows import ROLLING
from website.generate import notes
from website.generate.mdx import code, fence, front_matter, page, prose, table
from website.generate.reading.distribution import massgen_version
from website.generate.reading.plugin import shipped_profiles
from website.generate.reading.plugin_readme import keys_in, section, table_rows

__all__ = ["render"]

_VERIFIED = (
    "plugin_configs/README.md",
    "massgen_plugins/profiles/layers.py#SETTING_KEYS",
    "massgen_plugins/profiles/limit_values.py#LIMIT_KEYS",
    "massgen_plugins/profiles/families.py#def covers",
    "tests/profiles/test_settings.py",
    "tests/handbook/test_generated.py",
)


def render() -> str:
    """The page."""
    profiles = shipped_profiles()
    head = front_matter(
        "Profiles and settings of the limiter",
        "Look up every key of the rate limiter with unit, range and default, and every shipped profile.",
        massgen_version(),
        _VERIFIED,
    )
    return page(
        head,
        _opening(profiles),
        _where(),
        _keys(
            "Settings: `rate_limit:` {/* #settings */}", "Settings: `rate_limit:`", SETTING_KEYS, _SETTINGS
        ),
        _keys("Limits {/* #limits */}", "Limits", LIMIT_KEYS, _LIMITS),
        _MONEY,
        _keys("A profile {/* #profile */}", "A profile", PROFILE_KEYS, _PROFILE),
        _keys("Prices {/* #prices */}", "Prices", PRICE_KEYS, _PRICES),
        _keys("A profile file {/* #profile-file */}", "A profile file", FILE_KEYS, _FILE),
        _models(),
        _shipped(profiles),
        *(_provider(name, [*group]) for name, group in groupby(profiles, lambda each: each.provider)),
        _next(),
    )


def _opening(profiles: Sequence[Profile]) -> str:
    return f"""\
Every setting of the plugin with its unit, which limits hold for a model,
and where the shipped numbers come from. This page is for people who change limits; if you only want to switch
the plugin on, one line is enough: [Quick start](/limits/quick-start).

All keys are read out of the plugin's own schema, and so are the {len(profiles)} shipped profiles. A key that
is misspelt is an error here, with the place and the nearest right word: [Errors](/limits/errors)."""


def _where() -> str:
    run = """\
rate_limit:
  profile: gemini-tier1
  account: my-project
  max_wait: 600
  models:
    gemini-*-flash: {rpm: 500}
    gemini-3-flash-preview: {rpd: none}"""
    file = run.replace("rate_limit:\n", "").replace("\n  ", "\n").removeprefix("  ")
    command = "massgen-rl profiles set gemini-2.5-flash rpm=5 rpd=20\nmassgen-rl doctor"
    return f"""\
## Where settings are

The first of these that has a key decides it, key by key:

1. `rate_limit:` in the MassGen configuration of the run. For one run, and for what belongs to the file.
2. `.massgen/rate_limit.yaml` in the directory where you start MassGen. For a project and everybody who works
   on it.
3. Your own `rate_limit.yaml` (Linux: in `~/.config/massgen-plugins/`). For you, everywhere;
   `massgen-rl profiles use` and `set` write here.
4. The profile that is on by default.

In a MassGen configuration the keys go below `rate_limit:`. In the two files, where there is nothing else,
they go at the outermost level; the same text with `rate_limit:` above it is read, too.

{fence('yaml rate-limit title="team.yaml, beside agents:"', run)}

{fence('yaml rate-limit title=".massgen/rate_limit.yaml"', file)}

{fence("bash check", command)}

A change reaches runs that are under way within a second; `massgen-rl limits --origin` shows what holds and
which file and line says so. For a while only: [Steer a live run](/limits/steer).

{_in_editor()}"""


def _in_editor() -> str:
    settings = "# yaml-language-server: $schema=rate_limit.schema.json\nmax_wait: 600"
    return f"""\
### In an editor {{/* #editor */}}

An editor that knows JSON schemas checks and completes the keys. With the YAML language server, which VS Code,
Neovim and others use, write the schema into a file, and name it in the first line of your settings:

{fence("bash check", "massgen-rl schema > rate_limit.schema.json")}

{fence('yaml rate-limit title="rate_limit.yaml"', settings)}

`massgen-rl schema team` is for the `rate_limit:` block of a MassGen configuration, and
`massgen-rl schema profile` for files of profiles. The handbook publishes all three as
`/schemas/rate_limit.schema.json`, `/schemas/team.schema.json` and `/schemas/profile.schema.json`."""


_OTHERS = "all other models"
_SETTINGS = "What you write below `rate_limit:`, or alone in one of the two files."
_LIMITS = """\
What you can write under a model. All limits of a model hold at once, and 0 means: never. Requests and tokens
are whole numbers up to 1,000,000,000,000."""
_MONEY = """\
`usd_per_day` and the kind `cost` count only where a provider's plugin charges money for a call. No built-in
provider does, so they have **no effect** in this version: [a budget](/limits/budgets) holds what is spent."""
_PROFILE = (
    "One entry of `profiles:` in a profile file. At least one of `models`, `pools` and `fallback` is needed."
)
_PRICES = """\
One entry of `prices:` in a profile, in US dollars per million tokens. They go before every price list; what
the provider itself says of a call goes before both: [What a run costs](/limits/cost#own-prices)."""
_FILE = """\
Profiles of your own go into `profiles/` beside your `rate_limit.yaml`, one file for each provider.
`massgen-rl profiles validate FILE` checks one. Files are strict YAML in UTF-8, 1 MB at most."""


def _keys(title: str, heading: str, known: Collection[str], about: str) -> str:
    """A table of the README, with every key that the schema has and no other."""
    rows = table_rows(heading)
    described = [key for row in rows for key in keys_in(row[0])]
    notes.require_known("README of plugin_configs", described, known)
    notes.require_known("schema of the plugin", known, described)
    names = ("Key", "Value", "Default") if len(rows[0]) == 3 else ("Key", "Value")
    if heading == "Limits":
        names = ("Key", "Counts", "Window")
    return f"## {title}\n\n{about}\n\n{table(names, rows)}"


def _models() -> str:
    return f"""\
## Which limits a model gets {{/* #models */}}

{section("Names of models")}

So `gemini-2.5-flash-lite` never gets the limits of `gemini-2.5-flash`, and a model that Google names
tomorrow, `gemini-4-flash-preview`, gets those of the Flash family today."""


_SHOW = "massgen-rl profiles --provider openai\nmassgen-rl profiles show openai-tier1"


def _shipped(profiles: Sequence[Profile]) -> str:
    rows = [
        (
            code(each.name),
            code(each.provider),
            prose(each.tier),
            "yes" if each.default else "",
            prose(each.date),
        )
        for each in profiles
    ]
    return f"""\
## Shipped profiles {{/* #shipped */}}

Yours depend on your tier, and some providers publish no table any more: [Choosing a
tier](/limits/choosing-a-tier) says how to find out. So these numbers are a beginning; headers and refusals
that name other limits correct them. One profile is on by itself, `gemini-seed`; without a profile the limits
of any other provider are learned.

{table(("Profile", "Provider", "Tier", "Default", "Seen on"), rows)}

{fence("bash check", _SHOW)}"""


def _provider(name: str, profiles: Sequence[Profile]) -> str:
    """A provider's profiles: what each is, and one table with a column for each."""
    described = "\n".join(
        f"* `{each.name}` ({prose(each.tier)}): {prose(each.description)} Source: {prose(each.source)}."
        for each in profiles
    )
    rows = sorted(dict.fromkeys(row for each in profiles for row in _rows(each)), key=_OTHERS.__eq__)
    cells = [(_heading(row), *(_limits(_rows(each).get(row)) for each in profiles)) for row in rows]
    head = ("Model, family or pool", *(code(each.name) for each in profiles))
    title = f"### {code(name)} {{/* #{name} */}}"
    return "\n\n".join((title, described, _counting(profiles[0]) + _DASH, table(head, cells)))


_DASH = " A dash: no row of its own; that of a wider family or of all other models holds."


def _rows(profile: Profile) -> dict[str, Mapping[str, Any]]:
    others = {} if profile.fallback is None else {_OTHERS: profile.fallback}
    pools = {f"pool {name}": values for name, values in profile.pools.items()}
    return {**pools, **profile.models, **others}


def _heading(row: str) -> str:
    kind, space, name = row.rpartition(" ")
    return row if row == _OTHERS else f"{kind}{space}{code(name)}"


def _counting(profile: Profile) -> str:
    zone = profile.conventions.day_zone
    begins = "is any 24 hours" if zone == ROLLING else f"begins at midnight in {zone}"
    counted = str(profile.conventions.tpm_counts).replace("_", " ")
    shape = "refills like a bucket" if profile.conventions.bucket else "is any 60 seconds"
    return f"`tpm` counts {counted}; a minute {shape}, the day {begins}."


def _limits(values: Mapping[str, Any] | None) -> str:
    if not values:
        return "-" if values is None else "learned"
    return ", ".join(_value(key, values[key]) for key in LIMIT_KEYS if key in values)


def _value(key: str, value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(f"{each['amount']:,} {each['kind']} per {each['window']}" for each in value)
    return f"{code(key)} {value:,}{' s' if key == 'cooldown' else ''}"


def _next() -> str:
    return """\
## Next

* [Choosing a tier](/limits/choosing-a-tier): which of these is yours.
* [The command](/limits/commands): change all of this without an editor.
* [How it works](/limits/how-it-works): what a window is, and why a call waits."""
