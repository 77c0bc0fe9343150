"""What stands at the top of every page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from .pages import Page
from .places import massgen_version
from .problem import Problem

KINDS = ("tutorial", "how-to", "reference", "explanation", "policy")
OWNERS = ("handbook", "limiter", "host", "research")
SHORTEST, LONGEST = 60, 160
"""Of a description, in characters: what search results show."""

_OWN = frozenset({"title", "description", "kind", "owner", "checked", "verified", "aliases", "keywords"})
_DOCUSAURUS = frozenset(
    {"id", "slug", "sidebar_label", "sidebar_position", "hide_table_of_contents", "toc_max_heading_level"}
    | {"hide_title", "image", "pagination_label", "displayed_sidebar", "toc_min_heading_level"}
    | {"generated", "tags", "sidebar_class_name", "pagination_next", "pagination_prev"}
)


def problems(page: Page) -> list[Problem]:
    """All that is wrong with a page's front matter."""
    try:
        yaml.safe_load(page.front_matter_text)
    except yaml.YAMLError as error:
        return [Problem(page.path, 1, f"the front matter is not YAML: {' '.join(str(error).split())}")]
    said = page.front_matter
    if not said:
        return [Problem(page.path, 1, "no front matter", "see /policies/documentation")]
    found = [_problem(page, key, what) for key, check in _CHECKS.items() for what in check(said.get(key))]
    found += [_problem(page, key, "an unknown key") for key in said if key not in _OWN | _DOCUSAURUS]
    return found


def _problem(page: Page, key: str, what: str) -> Problem:
    return Problem(
        page.path, page.line_of(f"{key}:"), f"front matter `{key}`: {what}", "see /policies/documentation"
    )


def _title(value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield "a title is missing"
    elif len(value) > 60:
        yield f"{len(value)} characters; search results cut titles after 60"


def _description(value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield "a sentence is missing"
        return
    if not SHORTEST <= len(value) <= LONGEST:
        yield f"{len(value)} characters instead of {SHORTEST} to {LONGEST}"
    if not value.rstrip().endswith((".", "?", "!")):
        yield "not a sentence: it has no full stop"


def _one_of(*allowed: str) -> Callable[[Any], Iterator[str]]:
    def check(value: Any) -> Iterator[str]:
        if value not in allowed:
            yield f"{value!r} instead of one of {', '.join(allowed)}"

    return check


def _checked(value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d+\.\d+", value):
        yield f"{value!r} is not a version of MassGen such as {massgen_version()}"
    elif _numbers(value) > _numbers(massgen_version()):
        yield f"{value} is newer than the installed {massgen_version()}: nobody can have checked it"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".")[:3])


def _verified(value: Any) -> Iterator[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        yield "a list of at least one `file#needle`"


def _aliases(value: Any) -> Iterator[str]:
    for alias in value or ():
        if not isinstance(alias, str) or not re.fullmatch(r"/[\w./-]+", alias):
            yield f"{alias!r} is not an absolute path of this site"


def _keywords(value: Any) -> Iterator[str]:
    if value is not None and not (isinstance(value, list) and all(isinstance(word, str) for word in value)):
        yield "a list of what people type into the search"


_CHECKS: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "title": _title,
    "description": _description,
    "kind": _one_of(*KINDS),
    "owner": _one_of(*OWNERS),
    "checked": _checked,
    "verified": _verified,
    "aliases": _aliases,
    "keywords": _keywords,
}
