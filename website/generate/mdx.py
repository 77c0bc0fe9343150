"""Text as MDX wants it: front matter, tables, code, and nothing that MDX could take for JSX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "FILTER",
    "anchor",
    "bullets",
    "code",
    "fence",
    "from_docstring",
    "front_matter",
    "page",
    "prose",
    "sentence",
    "table",
    "words",
]

FILTER = "<Filter />"
"""A box that filters what follows it on the page."""

_GENERATED = "{/* Written by `python -m website.generate write`. Change the generator, not this file. */}"
_SPECIAL = re.compile(r"([<>{}\\*_\[\]|])")
_PLAIN = re.compile(r"[\w./#-]+")
_CODE = re.compile(r"(`+[^`]+`+)")


def front_matter(
    title: str, description: str, checked: str, verified: Iterable[str], keywords: Sequence[str] = ()
) -> str:
    """The head of a page of the reference; values are quoted, so that no colon in them matters.

    Keywords are words by which people look for the page, and which do not stand on it.
    """
    lines = [
        "---",
        f"title: {_quoted(title)}",
        f"description: {_quoted(description)}",
        *([f"keywords: [{', '.join(map(_quoted, keywords))}]"] if keywords else []),
        "kind: reference",
        "owner: handbook",
        f"checked: {checked}",
        "verified:",
        *(f"  - {needle if _PLAIN.fullmatch(needle) else _quoted(needle)}" for needle in verified),
        "---",
    ]
    return "\n".join(lines)


def page(head: str, *parts: str) -> str:
    """A whole page."""
    body = "\n\n".join(part.strip("\n") for part in parts if part.strip())
    return f"{head}\n\n{_GENERATED}\n\n{body}\n"


def prose(text: str) -> str:
    """Text that is not ours, with everything escaped that MDX or Markdown would read; code spans stay."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(part if part.startswith("`") else _SPECIAL.sub(r"\\\1", part) for part in parts)


def from_docstring(text: str) -> str:
    """A paragraph of one of our docstrings, without the marks of reStructuredText."""
    return prose(re.sub(r":\w+:`([^`]+)`", r"`\1`", text).replace("``", "`"))


def code(text: str) -> str:
    """A code span; in a table a bar has to be escaped even there, which :func:`table` does."""
    ticks = "``" if "`" in text else "`"
    return f"{ticks}{text}{ticks}"


def words(items: Iterable[str]) -> str:
    """Code spans, separated by commas."""
    return ", ".join(code(item) for item in items)


def sentence(text: str) -> str:
    """Text that begins with a capital letter and ends with a full stop."""
    text = text.strip()
    if not text:
        return ""
    ends = text.endswith((".", "?", "!", ":", ";", ")."))
    return f"{text[0].upper()}{text[1:]}{'' if ends else '.'}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are MDX already, bars in them are escaped here."""
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return "\n".join(lines) if len(lines) > 2 else ""


def bullets(items: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"* {item}" for item in items)


def fence(language: str, text: str) -> str:
    """A block of code."""
    ticks = "````" if "```" in text else "```"
    return f"{ticks}{language}\n{text.strip(chr(10))}\n{ticks}"


def anchor(heading: str) -> str:
    """The id that Docusaurus makes of a heading of plain words."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def linked(text: str, target: str) -> str:
    """A link; the text alone if there is no target."""
    return f"[{text}]({target})" if target else text


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell.replace("\n", " ")) for cell in cells) + " |"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def by_key(items: Mapping[str, str]) -> list[tuple[str, str]]:
    """Items in the order of their keys."""
    return sorted(items.items())
