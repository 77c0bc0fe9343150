"""The page ``/configure/shipped-examples``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from website.generate import notes
from website.generate.mdx import FILTER, bullets, code, fence, front_matter, page, prose, table
from website.generate.reading.distribution import massgen_directory, massgen_version
from website.generate.reading.examples import Example, read_examples

__all__ = ["render"]

_VERIFIED = (
    "massgen/cli/config_loading.py#name in config_file.name or name in str(config_file)",
    "massgen/cli/examples.py#short_name = rel_path.replace",
    "massgen/cli/config_loading.py#def resolve_config_path",
    "tests/handbook/test_generated.py",
)


def render() -> str:
    """The page."""
    version = massgen_version()
    examples = read_examples(massgen_directory())
    head = front_matter(
        "Examples that MassGen ships",
        f"Find the configuration shipped with MassGen {version} that is nearest to your wish, and run it.",
        version,
        _VERIFIED,
        keywords=("@examples",),
    )
    return page(
        head, _opening(examples), _names(examples), _how_to_read(), FILTER, *_groups(examples), _next()
    )


def _opening(examples: Sequence[Example]) -> str:
    valid = sum(example.valid for example in examples)
    return f"""\
Every configuration that comes with MassGen, with the name to run it by, the backends it needs and the
features it shows. Filter the list by a word. For files that are explained and run, take a
[template](/configure/templates).

MassGen ships {len(examples)} YAML files. {valid} pass its validator; the other is not the configuration of a
run. What each shows and needs is read out of its content, not out of its comments, which are often older than
the file."""


def _names(examples: Sequence[Example]) -> str:
    longer = sum(example.name.endswith(".yaml") for example in examples)
    run = 'massgen --config @examples/basic/multi/three_agents_default "Compare bicycles and trams"'
    copied = "massgen --example basic/multi/three_agents_default > team.yaml"
    return f"""\
## Running an example

Put the name that stands first behind `@examples/`:

{fence("bash check", run)}

Or make a copy of it, which is better, since you will want to change models and roles:

{fence("bash run", copied)}

:::warning[The names that `--list-examples` prints do not work]

`massgen --list-examples` prints names such as `@examples/basic_multi_three_agents_default`. None of them can
be used: MassGen looks for the *path*, which has slashes. The names on this page are paths, and each of them
was tried. [More traps](/fix/known-traps)

:::

MassGen takes the **first file whose path contains the name**, in the order of the disk. So `ag2/ag2_coder`
may give you `ag2/ag2_coder_case_study.yaml`. For {longer} files the name on this page therefore ends in
`.yaml`, which makes it exact.
{{/* verified: massgen/cli/config_loading.py#Try to find by filename stem match */}}"""


def _how_to_read() -> str:
    return f"""\
## How to read the tables

* Below the name stand the **agents**: backend type and model of each. Names of models age: change them in
  your copy to what [your provider has today](/backends/all-backends).
* On the right is what the file **switches on**. {code("voting: strict")} is a
  [voting sensitivity](/coordinate/voting). "-" means nothing special.
* **Needs** names environment variables with keys, and programs that have to be installed. "-" means nothing
  but the provider of the model."""


def _groups(examples: Sequence[Example]) -> Iterable[str]:
    left = {example.path: example for example in examples}
    for group in notes.load("examples")["group"]:
        chosen = [path for folder in group["folders"] for path in left if path.startswith(f"{folder}/")]
        notes.require_known(
            "examples", group["folders"], [path.rpartition("/")[0] for path in left] + _above(left)
        )
        yield _group(group["title"], group["about"], [left.pop(path) for path in chosen])
    if left:
        yield _group("Not sorted yet", "New in this version of MassGen.", list(left.values()))


def _above(paths: Iterable[str]) -> list[str]:
    return [path.split("/")[0] for path in paths]


def _group(title: str, about: str, examples: Sequence[Example]) -> str:
    rows = [(f"{code(example.name)}<br/>{_agents(example)}", _content(example)) for example in examples]
    return f"## {title}\n\n{about}\n\n{table(('Example', 'Shows and needs'), rows)}"


def _content(example: Example) -> str:
    return f"{_shows(example)}<br/>Needs: {_needs(example)}"


def _agents(example: Example) -> str:
    counted = Counter(example.backends)
    names = [
        f"{f'{count} x ' if count > 1 else ''}{prose(kind)}{f' {code(model)}' if model else ''}"
        for (kind, model), count in counted.items()
    ]
    return ", ".join(names) or "-"


def _shows(example: Example) -> str:
    return ", ".join(prose(feature) for feature in example.features) or "-"


def _needs(example: Example) -> str:
    return ", ".join(code(need) if need.isupper() else need for need in example.needs) or "-"


def _next() -> str:
    return "## Next\n\n" + bullets(
        (
            "[Templates](/configure/templates): fewer files, each explained, each tested.",
            "[Choosing and sharing](/configure/selection-and-sharing): where MassGen looks for files.",
            "[Validate before you run](/configure/validate): after you have changed your copy.",
        )
    )
