"""The page ``/reference/cli``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from website.generate import notes
from website.generate.mdx import (
    FILTER,
    bullets,
    code,
    fence,
    front_matter,
    page,
    prose,
    sentence,
    table,
    words,
)
from website.generate.reading.distribution import massgen_version
from website.generate.reading.parsers import Command, Option, read_commands

__all__ = ["option_rows", "render"]

_NOTES = "flags"
_HEAD = ("Option", "What it does")
_VERIFIED = (
    "massgen/cli/entrypoint.py#def main_parser",
    "massgen/cli/mode_flags.py#apply_mode_flags_to_config",
    "massgen/cli/entrypoint.py#display_type_map",
    "massgen/viewer.py#build_viewer_parser",
    "tests/handbook/test_generated.py",
)


def render() -> str:
    """The page."""
    version = massgen_version()
    main, *others = read_commands()
    names = {option.name: option for option in main.options}
    notes.require_known(_NOTES, notes.load(_NOTES)["remark"], names)
    head = front_matter(
        "Command line of MassGen",
        f"Look up every option and sub-command of massgen {version}, with its values and its default.",
        version,
        _VERIFIED,
        keywords=("command line flags",),
    )
    groups = [
        _group(group, [names[name] for name in members]) for group, members in notes.groups(_NOTES, names)
    ]
    return page(
        head,
        _opening(version, main),
        _how_to_read(),
        FILTER,
        *groups,
        _combinations(main),
        _differences(names),
        "## Sub-commands",
        *map(_sub_command, others),
        _NEXT,
    )


def _opening(version: str, main: Command) -> str:
    count = sum(not option.positional for option in main.options)
    return f"""\
Every option and command of `massgen`: what it takes, its default, and the key in YAML that says the same.
To be shown a way through them, begin at [Your first run](/start/first-run).

The {count} options and all sub-commands are read from MassGen {version}'s own parsers, and the sentences
behind them are MassGen's help texts. What we add is in *italics*."""


def _how_to_read() -> str:
    return f"""\
## How to read the tables

* An option without words behind it is a switch: it is off until you write it.
* "One of" lists all the words that are allowed. "Default" is what holds when you leave the option out; no
  default means that the configuration, or nothing, decides.
* An option on the command line wins over the same setting in YAML.
* The question is always the last word, in quotation marks. Without a question MassGen asks you for one.

{fence("bash check", notes.load(_NOTES)["example"]["massgen"])}"""


def _group(group: Mapping[str, str], options: Sequence[Option]) -> str:
    more = f" More: [{group['page']}]({group['link']})." if "link" in group else ""
    return f"## {group['title']}\n\n{group['about']}{more}\n\n{table(_HEAD, option_rows(options))}"


def option_rows(options: Sequence[Option]) -> list[tuple[str, str]]:
    """Two columns, so that a telephone shows both."""
    remarks = notes.load(_NOTES)["remark"]
    return [(_spelling(option), _meaning(option, remarks.get(option.name, ""))) for option in options]


def _spelling(option: Option) -> str:
    shown = words(option.names)
    value = f"<br/>{option.value}" if option.value and not option.choices else ""
    return shown + value


def _meaning(option: Option, remark: str) -> str:
    parts = [sentence(prose(option.help))]
    if option.choices:
        parts.append(f"One of {words(option.choices)}.")
    if option.default:
        parts.append(f"Default {code(option.default)}.")
    if remark:
        parts.append(f"*{remark}*")
    return " ".join(parts)


def _combinations(main: Command) -> str:
    excluded = sorted(
        {tuple(sorted((option.name, *option.excludes))) for option in main.options if option.excludes}
    )
    lines = [f"{words(group)}: only one of them." for group in excluded] + list(_EXCLUDED)
    return f"""\
## Options that exclude each other

Each of these ends with exit code 2 before anything runs.
{{/* verified: massgen/cli/mode_flags.py#are incompatible */}}

{bullets(lines)}"""


_EXCLUDED = (
    "`--single-agent` with `--coordination-mode decomposition`: refused; work is shared out among several.",
    "`--personas` (but `off`) with `--coordination-mode decomposition`: refused.",
    "`--web-quickstart` with `--web`: refused; the first starts its own server.",
    "`--quickstart-agent` without `--quickstart --headless`: refused.",
    "`--quickstart-agent` with another `--config-...` option about agents: refused.",
    "`--plan-steps` and `--plan-chunks`: must be above 0.",
)


def _differences(names: Mapping[str, Option]) -> str:
    rows = []
    for entry in notes.load(_NOTES)["differs"]:
        flag = names[entry["flag"]]
        notes.require_known(_NOTES, [word for word in entry["words"] if word[0] != "("], flag.choices)
        spoken = ", ".join(
            f"{_word(flag_word)} is {code(key_word)}" for flag_word, key_word in entry["words"].items()
        )
        rows.append((code(flag.name), code(entry["key"]), spoken or "same words"))
    return f"""\
## Same setting, other word in YAML {{/* #differences */}}

The command line and YAML do not always use the same word. A word of the one in the other is an error, or
worse, is ignored.

{table(("Option", "Key in YAML", "Words"), rows)}

`--quick` sets more than one key: `max_new_answers_per_agent: 1` and `skip_final_presentation: true`, with one
agent also `skip_voting: true`; with several also `disable_injection: true`,
`defer_voting_until_all_answered: true` and `final_answer_strategy: synthesize`. `--fast` fills in
`fast_iteration_mode`, `max_verifications_per_round: 1`, `max_internal_fix_loops: 0` and
`skip_redundant_scaffolding` only where your YAML says nothing: it is the one option that loses against YAML.
{{/* verified: massgen/cli/mode_flags.py#YAML values always win */}}"""


def _word(word: str) -> str:
    return word.strip("()") if word.startswith("(") else code(word)


def _sub_command(command: Command) -> str:
    texts = notes.load(_NOTES)
    parts = [
        f"### `{command.name}`",
        " ".join(
            part for part in (sentence(prose(command.summary)), texts["about"].get(command.name, "")) if part
        ),
        _example(texts["example"], command.name),
        table(
            ("Option", "What it does"),
            option_rows([each for each in command.options if each.name != "--help"]),
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def _example(examples: Mapping[str, str], name: str) -> str:
    return fence("bash check", examples[name]) if name in examples else ""


_NEXT = """\
## Next

* [Files and exit codes](/reference/files-and-exit-codes): what a run leaves behind.
* [YAML keys](/reference/yaml-keys): the settings that have no option.
* [The plugin's command](/limits/commands): `massgen-rl`."""
