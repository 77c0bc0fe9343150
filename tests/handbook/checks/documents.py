"""Files that a shell fence writes with a here-document: checked like fences of their kind."""

from __future__ import annotations

import dataclasses
import re

from . import yaml_code
from .fences import Fence
from .problem import Problem
from .words_of_shell import Document

_YAML = re.compile(r"\.ya?ml\b")
_MASSGENS = re.compile(r"^(agents|agent):", re.MULTILINE)


def complaints(fence: Fence, line: int, document: Document) -> list[Problem]:
    """A YAML file with agents is a MassGen configuration; other YAML must parse."""
    if not _YAML.search(document.head):
        return []
    inner = dataclasses.replace(fence, line=line + document.line - 1, code=document.text)
    return yaml_code.full(inner) if _MASSGENS.search(document.text) else yaml_code.other(inner)
