"""The page ``/backends/all-backends``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from website.generate import notes
from website.generate.mdx import (
    FILTER,
    bullets,
    code,
    fence,
    front_matter,
    linked,
    page,
    prose,
    sentence,
    table,
    words,
)
from website.generate.reading.backends import Backend, read_backends
from website.generate.reading.distribution import massgen_directory, massgen_version
from website.generate.reading.plugin import limited_backend

__all__ = ["render"]

_VERIFIED = (
    "massgen/backend/capabilities.py#BACKEND_CAPABILITIES",
    "massgen/cli/backends.py#Unsupported backend type",
    "massgen/config_validator.py#requires 'cwd'",
    "massgen/backend/gemini.py#GOOGLE_API_KEY",
    "tests/handbook/test_generated.py",
)

_WORDS: Mapping[str, str] = {
    "audio_generation": "makes audio",
    "audio_understanding": "hears audio",
    "bash": "shell",
    "code_execution": "runs code",
    "filesystem_native": "own file tools",
    "image_generation": "makes images",
    "image_understanding": "sees images",
    "mcp": "MCP",
    "programmatic_tool_calling": "programmatic tool calls",
    "reasoning": "reasoning effort",
    "tool_search": "tool search",
    "video_generation": "makes video",
    "video_understanding": "sees video",
    "web_search": "web search",
    "x_search": "search on X",
}
"""Capabilities in words that fit a narrow table; one that is missing here shows its own name."""


def render() -> str:
    """The page."""
    version = massgen_version()
    found = read_backends(massgen_directory())
    head = front_matter(
        "All backends and models",
        f"Find type, key variable, default model and abilities of every backend of MassGen {version}.",
        version,
        _VERIFIED,
        keywords=("list of models",),
    )
    return page(
        head,
        _opening(found),
        _how_to_read(),
        FILTER,
        *_groups(found),
        _surprises(found),
        _models(found),
        _NEXT,
    )


def _opening(found: list[Backend]) -> str:
    return f"""\
Every backend of MassGen, with its `type:`, its models, its key and what it can do. Filter the table by a
word; to choose among them, read [Pick a model](/backends/pick-a-model).

MassGen {massgen_version()} has {len(found)} backend types and names
{len({m for b in found for m in b.models})} models. The lists come out of its own registry
(`massgen/backend/capabilities.py`). `massgen --list-backends` prints the same registry, shortened."""


def _how_to_read() -> str:
    example = """\
agents:
  - id: analyst
    backend:
      type: openai
      model: gpt-5-mini"""
    return f"""\
## How to read the tables

* First stands the **type**: what you write behind `type:`. Case does not matter when the run starts, but the
  validator wants it in lower case.
* **Key** is the environment variable that holds the key. "-" means that the registry names none: a local
  server, or a program that is logged in by itself. Where MassGen looks for it: [Where keys are
  read](/keys/where-keys-are-read).
* **Default** is the registry's default model: what the wizards offer. It is *not* what you get when you leave
  `model:` out: see [the first surprise](#surprises). Always write `model:`.
* **Can do** is what the registry promises; whether a given *model* can do it depends on the provider.

{fence("yaml massgen-fragment", example)}"""


def _groups(found: list[Backend]) -> Iterable[str]:
    by_type = {backend.type: backend for backend in found}
    for group, members in notes.groups("backends", by_type):
        rows = [_row(by_type[name]) for name in members]
        more = f" How to use them: [{group['title']}]({group['link']})." if "link" in group else ""
        remarks = [
            f"`{name}`: {remark}"
            for name in members
            if (remark := notes.load("backends")["remark"].get(name))
        ]
        yield "\n\n".join(
            part
            for part in (
                f"## {group['title']}",
                f"{group['about']}{more}",
                table(("Backend", "Can do"), rows),
                bullets(remarks),
            )
            if part
        )


def _row(backend: Backend) -> tuple[str, ...]:
    abilities = [prose(_WORDS.get(name, name)) for name in backend.capabilities]
    facts = [
        f"{linked(code(backend.type), f'#models-{backend.type}')} {prose(backend.provider)}",
        f"Key: {code(backend.variable) if backend.variable else '-'}",
        f"Default: {code(backend.default_model) if backend.default_model else '-'}",
    ]
    return "<br/>".join(facts), ", ".join(sorted(abilities)) or "-"


def _surprises(found: list[Backend]) -> str:
    unmade = [backend.type for backend in found if not backend.creatable]
    unlimited = [each.type for each in found if not limited_backend(each.type, each.base_url or None)]
    parts = (
        "## What surprises people {/* #surprises */}",
        _without_model(found),
        _UNMADE.format(types=words(unmade)) if unmade else "",
        _SURPRISES.format(unlimited=words(sorted(unlimited))),
    )
    return "\n\n".join(part for part in parts if part)


_UNMADE = """\
**In the registry, yet not to be run:** {types}. `massgen --validate` accepts the type and `--backend` offers
it, but the run ends with `Unsupported backend type`: the function that makes backends does not know it. For
an inference server of your own write `vllm`, `sglang` or `chatcompletion` with a `base_url`."""

_SURPRISES = """\
* **A model that does not exist passes.** `massgen --validate` does not compare `model:` with the registry;
  the provider refuses it at the first call. See [Validate before you run](/configure/validate).
* **The registry's lists age.** They are what this MassGen was released with. A newer model of the same
  provider works as soon as you write its name.
* **Rate limits**: MassGen's own limiter acts on `gemini` alone; [what that
  means](/limits/what-massgen-does). [The plugin](/limits/quick-start) acts on every type but
  {unlimited}."""


def _without_model(found: list[Backend]) -> str:
    rows = [
        (code(each.type), code(each.default_model), code(each.fallback_model))
        for each in found
        if each.default_model and each.fallback_model and each.default_model != each.fallback_model
    ]
    if not rows:
        return ""
    return f"""\
**Without `model:` you do not get the default.** The validator lets you leave `model:` out wherever the
registry has a default. The run then asks for another, older name, which is in MassGen's code and which
the provider may no longer know:

{table(("Type", "Registry's default", "Asked for without model"), rows)}"""


def _models(found: list[Backend]) -> str:
    return "\n\n".join((_MODELS, *map(_models_of, found)))


_MODELS = """\
## Models

The names that the registry lists for each type, in its order, with the month of release where it gives one.
**Bold** is the default. "any" means that the registry lets you write any model of that provider."""


def _models_of(backend: Backend) -> str:
    names = [_model(name, backend) for name in backend.models]
    if backend.any_model:
        names.append("any")
    listed = (
        ", ".join(names) + "." if backend.models else "Any model of the provider or server; write its name."
    )
    lines = [f"### `{backend.type}`: {prose(backend.provider)} {{/* #models-{backend.type} */}}", listed]
    if backend.base_url:
        lines.append(f"Address: {code(backend.base_url)}.")
    if backend.builtin_tools:
        lines.append(f"Tools that run at the provider: {words(backend.builtin_tools)}.")
    if backend.notes:
        lines.append(f"The registry remarks: {sentence(prose(backend.notes))}")
    return "\n\n".join(lines)


def _model(name: str, backend: Backend) -> str:
    shown = f"**{code(name)}**" if name == backend.default_model else code(name)
    return f"{shown} ({backend.released[name]})" if name in backend.released else shown


_NEXT = """\
## Next

* [Pick a model](/backends/pick-a-model): speed, cost and ability, compared.
* [Where keys are read](/keys/where-keys-are-read): why a key that you have set may not be found.
* [Anatomy of a configuration](/configure/anatomy): the lines around the backend block."""
