"""Fences of data formats: they must parse."""

from __future__ import annotations

import configparser
import json
import tomllib

from .fences import Fence
from .problem import Problem

_PART = "mend it, or call it `text` if it is only a part of a file"


def anything(_fence: Fence) -> list[Problem]:
    """Nothing to check."""
    return []


def json_code(fence: Fence) -> list[Problem]:
    """One JSON value, or one a line."""
    try:
        json.loads(fence.code)
    except ValueError as error:
        if _json_lines(fence.code):
            return []
        return [Problem(fence.path, fence.line, f"not JSON: {error}", _PART)]
    return []


def _json_lines(code: str) -> bool:
    try:
        return bool([json.loads(line) for line in code.splitlines() if line.strip()])
    except ValueError:
        return False


def toml_code(fence: Fence) -> list[Problem]:
    """A TOML document."""
    try:
        tomllib.loads(fence.code)
    except tomllib.TOMLDecodeError as error:
        return [Problem(fence.path, fence.line, f"not TOML: {error}", _PART)]
    return []


def ini_code(fence: Fence) -> list[Problem]:
    """Sections with keys, or an ``.env`` file of ``NAME=value`` lines."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    text = fence.code if "[" in fence.code else f"[all]\n{fence.code}"
    try:
        parser.read_string(text)
    except configparser.Error as error:
        return [Problem(fence.path, fence.line, f"not an ini file: {error}", _PART)]
    return []
