"""``massgen ...`` lines, tried on MassGen's own parsers without being run."""

from __future__ import annotations

from collections.abc import Sequence

from . import host
from .argparse_parsers import SUBCOMMANDS, main_parser, options_of, parse, sub_parser
from .near import nearest
from .places import PACKAGES

_EXAMPLES = "@examples/"


def complaints(arguments: Sequence[str]) -> list[str]:
    """What is wrong with the arguments of a ``massgen`` command."""
    sub = arguments[0] if arguments and arguments[0] in SUBCOMMANDS else ""
    parser = sub_parser(sub) if sub else main_parser()
    words = arguments[1:] if sub else arguments
    namespace, error = parse(parser, words)
    found = [error] if error else [*_abbreviations(words, options_of(parser))]
    if namespace is not None and not sub:
        found += host.module("massgen.cli.mode_flags").validate_mode_flag_combinations(namespace)
    return found + _examples(arguments)


def _abbreviations(words: Sequence[str], options: set[str]) -> list[str]:
    """Parsers accept the beginning of an option; a handbook does not."""
    before_end = words[: words.index("--")] if "--" in words else words
    flags = [word.partition("=")[0] for word in before_end if word.startswith("--")]
    return [f"there is no option {flag}{nearest(flag, options)}" for flag in flags if flag not in options]


def _examples(words: Sequence[str]) -> list[str]:
    """``@examples/NAME`` must be one configuration that MassGen ships, and no other may be taken for it.

    MassGen takes the first file whose path contains the name, in the order of the directory.
    """
    named = [word.removeprefix(_EXAMPLES) for word in words if word.startswith(_EXAMPLES)]
    return [said for name in named if (said := _example(name))]


def _example(name: str) -> str:
    root = PACKAGES / "massgen/configs"
    taken = [str(file.relative_to(root)) for file in root.rglob("*.yaml") if name in str(file)]
    if not taken:
        return f"MassGen ships no example {name!r}"
    if len(taken) > 1:
        others = ", ".join(sorted(taken)[:3])
        return f"the example {name!r} can be one of {len(taken)} files ({others}); write its whole path"
    return ""
