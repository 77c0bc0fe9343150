"""What can be run as it is, for the gallery: templates, examples, case studies, and what MassGen ships."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from website.generate.places import DOCS, REPOSITORY
from website.generate.reading.distribution import massgen_directory
from website.generate.reading.example_features import features, needs
from website.generate.reading.examples import Example, read_examples

__all__ = ["GALLERY", "gallery_text"]

GALLERY = REPOSITORY / "website/src/data/gallery.json"
_TEMPLATES = REPOSITORY / "website/static/templates"
_CASES = REPOSITORY / "website/cases"
_HEAD = re.compile(r"^# (?:[\w-]+\.yaml|For): *(.*)$", re.MULTILINE)
_TUTORIALS = {"first-team": "/start/first-team#write"}
"""Templates that another page shows than the one with all of them."""


def gallery_text() -> str:
    """One JSON object a line, in an array: templates, worked examples, cases, shipped examples."""
    entries = [*_templates(), *_examples(), *_cases(), *map(_shipped, _valid())]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    return f"[\n{lines}\n]\n"


def _templates() -> Iterator[dict[str, Any]]:
    for path in sorted(_TEMPLATES.glob("*.yaml")):
        text = path.read_text("utf-8")
        content = yaml.safe_load(text)
        what, good_for = [*_HEAD.findall(text), ""][:2]
        backends = [agent["backend"] for agent in content["agents"]]
        yield {
            "kind": "template",
            "name": path.stem,
            "to": _TUTORIALS.get(path.stem, f"/configure/templates#{path.stem}"),
            "text": f"{what[:1].upper()}{what[1:].rstrip('.')}. For {good_for.rstrip('.')}.",
            **_team(text, content, backends),
        }


def _team(text: str, content: Mapping[str, Any], backends: list[Mapping[str, Any]]) -> dict[str, Any]:
    """What the gallery filters by."""
    return {
        "backends": sorted({str(backend.get("type", "")) for backend in backends}),
        "agents": len(backends),
        "needs": list(needs(text, backends)),
        "features": list(features(content, backends)),
    }


def _examples() -> Iterator[dict[str, Any]]:
    """Pages ``learn/task-NAME``, with the team of the case ``NAME``."""
    for path in sorted((DOCS / "learn").glob("task-*.mdx")):
        head, name = _front_matter(path), path.stem.removeprefix("task-")
        text = (_CASES / name / "team.yaml").read_text("utf-8")
        content = yaml.safe_load(text)
        backends = [agent["backend"] for agent in content["agents"]]
        yield {
            "kind": "example",
            "name": str(head["title"]).removeprefix("Worked example: "),
            "to": f"/learn/{path.stem}",
            "text": head["description"],
            **_team(text, content, backends),
        }


def _cases() -> Iterator[dict[str, Any]]:
    for path in sorted((DOCS / "learn").glob("case-*.mdx")):
        head = _front_matter(path)
        if not str(head["title"]).startswith("Case study:"):
            continue
        yield {
            "kind": "case",
            "name": str(head["title"]).removeprefix("Case study: "),
            "to": f"/learn/{path.stem}",
            "text": head["description"],
            "backends": [],
            "agents": 0,
            "needs": [],
            "features": [],
        }


def _front_matter(path: Path) -> Mapping[str, Any]:
    found = yaml.safe_load(path.read_text("utf-8").split("---\n")[1])
    return found if isinstance(found, dict) else {}


def _valid() -> list[Example]:
    return [example for example in read_examples(massgen_directory()) if example.valid]


def _shipped(example: Example) -> dict[str, Any]:
    return {
        "kind": "shipped",
        "name": example.name,
        "to": "",
        "text": ", ".join(dict.fromkeys(model for _, model in example.backends if model)),
        "backends": sorted({kind for kind, _ in example.backends}),
        "agents": len(example.backends),
        "needs": list(example.needs),
        "features": list(example.features),
    }
