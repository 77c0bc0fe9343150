"""The page ``/limits/commands``."""

from __future__ import annotations

from massgen_plugins.cli import exits
from website.generate import notes
from website.generate.mdx import code, fence, front_matter, page, prose, sentence, table, words
from website.generate.reading.distribution import massgen_version
from website.generate.reading.typer_tree import OurCommand, Parameter, our_commands

__all__ = ["render"]

_NOTES = "commands"
_VERIFIED = (
    "massgen_plugins/cli/app.py#def build_app",
    "massgen_plugins/cli/exits.py#EXPLAINED",
    "tests/cli/test_root.py",
    "tests/cli/test_profiles.py",
    "tests/handbook/test_generated.py",
)


def render() -> str:
    """The page."""
    root, *commands = our_commands()
    notes.require_known(_NOTES, notes.load(_NOTES), [command.name for command in commands])
    head = front_matter(
        "The command massgen-rl",
        "Look up every command of the rate limiting plugin with its options, an example and its exit codes.",
        massgen_version(),
        _VERIFIED,
        keywords=("massgen-rl status",),
    )
    return page(head, _opening(root), _summary(commands), *map(_command, commands), _exits(), _next())


def _opening(root: OurCommand) -> str:
    return f"""\
`massgen-rl` shows what is spent of a quota and who waits, changes limits and budgets, and finds out why
something does not work. It is for everybody who runs limited agents; nothing here is needed to switch limits
on.

{prose(root.help)} The command comes with the package, and plugins may add to it: `massgen-rl --help` lists
them too. Every command has `--help`; those with `--json` print one document on standard output and everything
else on standard error."""


def _summary(commands: list[OurCommand]) -> str:
    rows = [
        (f"[{code(each.name)}](#{_anchor(each)})", sentence(prose(_first_line(each.help))))
        for each in commands
    ]
    return f"## At a glance\n\n{table(('Command', 'What it does'), rows)}"


def _first_line(text: str) -> str:
    return text.split("\n\n", 1)[0]


def _anchor(command: OurCommand) -> str:
    return command.name.removeprefix("massgen-rl ").replace(" ", "-")


def _command(command: OurCommand) -> str:
    note = notes.load(_NOTES).get(command.name, {})
    told = [part for part in command.help.split("\n\n") if not part.startswith("Example: ")]
    helped = "\n\n".join(prose(part) for part in told)
    parts = (
        f"## `{command.name}` {{/* #{_anchor(command)} */}}",
        helped,
        note.get("about", ""),
        fence("bash check", note["example"]) if note else "",
        table(
            ("Option", "What it does"),
            [_row(each) for each in command.parameters if each.names != ("--help",)],
        ),
    )
    return "\n\n".join(part for part in parts if part)


def _row(parameter: Parameter) -> tuple[str, str]:
    value = f" {code(parameter.value)}" if parameter.value else ""
    needed = " Needed." if parameter.needed else ""
    default = f" Default {code(parameter.default)}." if parameter.default else ""
    return f"{words(parameter.names)}{value}", f"{sentence(prose(parameter.help))}{needed}{default}"


_SPENT = (
    "`status --exit-code`, `watch --exit-status`, `plan`: a day, or a month, is used up or not enough. "
    "`budget check`: a budget is spent."
)


def _exits() -> str:
    rows = [
        ("`0`", "Fine."),
        (code(str(exits.CHECK_FAILED)), "A check failed, or the store cannot be used."),
        (code(str(exits.WRONG_INPUT)), "Command line, settings file or environment variable is wrong."),
        (code(str(exits.SPENT)), _SPENT),
        (code(str(exits.NO_HOST)), "`run`, `demo`, `init`: there is no MassGen, or none that is supported."),
        (code(str(exits.INTERRUPTED)), "Ctrl-C."),
        (code(str(exits.BROKEN_PIPE)), "Whoever read the output has gone, as `head` does."),
    ]
    return f"""\
## Exit codes

{table(("Code", "Meaning"), rows)}

`run` otherwise ends with [MassGen's own code](/reference/files-and-exit-codes). A command
with `--json` that fails prints one document, too: `{{"error": "the sentence", "exit_code": 1}}`."""


def _next() -> str:
    return """\
## Next

* [Profiles and settings](/limits/profiles): every key that `set` understands.
* [Errors](/limits/errors): every sentence that the command may print, with its fix.
* [Hooks](/limits/hooks): add a command of your own."""
