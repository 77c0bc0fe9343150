"""Shell text taken apart: simple commands, each as its words."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(?P<end>\w+)\1")
_DESCRIPTORS = re.compile(r"(?<=\s)[012]?[<>]&[012-]|(?<=\s)[012](?=>)")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_SUBSTITUTION = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)")
_REDIRECTIONS = frozenset({"<", ">", ">>", "&>", "&>>", "<<", "<<<", ">|"})
_PREFIXES = frozenset(
    {"sudo", "nohup", "time", "exec", "command", "env", "then", "do", "else", "!", "if", "while"}
)
_WITH_VALUE = {"timeout": 1, "nice": 2}


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command.

    Attributes:
        line: Of its beginning, counted from 0 inside the text.
        words: Its name and arguments, without assignments, redirections and prefixes.
    """

    line: int
    words: list[str]


@dataclass(frozen=True, slots=True)
class Document:
    """A here-document: a file that the reader writes with ``cat > file <<EOF``."""

    line: int
    head: str
    text: str


def take_apart(text: str) -> tuple[list[Command], list[Document]]:
    """The commands and here-documents of a text.

    Raises:
        ValueError: A quotation is never closed.
    """
    commands: list[Command] = []
    documents: list[Document] = []
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        logical, after = _logical_line(lines, number)
        if heredoc := _HEREDOC.search(logical):
            inside = _until(lines, after, heredoc["end"])
            documents.append(Document(after, logical, "\n".join(inside) + "\n"))
            logical = logical[: heredoc.start()] + logical[heredoc.end() :]
            after += len(inside) + 1
        commands += [Command(number, words) for words in commands_of(logical)]
        number = after
    return commands, documents


def _until(lines: list[str], start: int, end: str) -> list[str]:
    ends = [i for i in range(start, len(lines)) if lines[i].strip() == end]
    return lines[start : ends[0] if ends else len(lines)]


def _logical_line(lines: list[str], start: int) -> tuple[str, int]:
    """Physical lines joined where a backslash or an open quotation continues them."""
    joined, number = lines[start], start + 1
    while number < len(lines) and (joined.endswith("\\") or _open_quotation(joined)):
        joined = joined[:-1] + lines[number] if joined.endswith("\\") else f"{joined}\n{lines[number]}"
        number += 1
    return joined, number


def _open_quotation(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return True
    return False


def commands_of(text: str) -> list[list[str]]:
    """The simple commands of one logical line, those inside ``$(...)`` among them."""
    lexer = shlex.shlex(_DESCRIPTORS.sub("", text), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    found: list[list[str]] = [[]]
    for token in lexer:
        if token and set(token) <= set("();|&{}"):
            found.append([])
        else:
            found[-1].append(token)
    inner = [words for match in _SUBSTITUTION.finditer(text) for words in commands_of(match[1])]
    return [words for words in map(_bare, found) if words] + inner


def _bare(words: list[str]) -> list[str]:
    kept: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if word in _REDIRECTIONS:
            next(waiting, None)
        else:
            kept.append(word)
    while kept and (kept[0] in _PREFIXES or kept[0] in _WITH_VALUE or _ASSIGNMENT.fullmatch(kept[0])):
        kept = kept[1 + _WITH_VALUE.get(kept[0], 0) :]
    return kept
