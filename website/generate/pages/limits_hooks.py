"""The page ``/limits/hooks``."""

from __future__ import annotations

import inspect

from massgen_plugins import hookspecs, middleware
from website.generate.mdx import code, fence, from_docstring, front_matter, page, sentence, table
from website.generate.places import REPOSITORY
from website.generate.reading.distribution import massgen_version
from website.generate.reading.plugin import hook_names

__all__ = ["render"]

_EXAMPLE = REPOSITORY / "tests" / "example_plugin"
_VERIFIED = (
    "massgen_plugins/hookspecs.py#@hookspec",
    "massgen_plugins/middleware.py#class Middleware",
    "massgen_plugins/manager.py#BLOCK_VARIABLE",
    "tests/test_hookspecs.py",
    "tests/test_example_plugin.py",
    "tests/handbook/test_generated.py",
)


def render() -> str:
    """The page."""
    names = hook_names()
    head = front_matter(
        "Hooks for plugins of the limiter",
        "Run your own code before each model call, add a provider or a command: every hook, and a package.",
        massgen_version(),
        _VERIFIED,
    )
    return page(
        head,
        _opening(len(names)),
        _RULES,
        _summary(names),
        *map(_hook, names),
        _values(),
        _order(),
        _example(),
    )


def _opening(count: int) -> str:
    return f"""\
Add a provider, a middleware, profiles, a listener or a command from your own package,
without a change to MassGen or to this plugin. This page is for people who write Python; to add a *provider*
step by step, read [Write a provider](/limits/write-a-provider).

There are {count} hooks. The plugin itself uses them: its limiter is a middleware, and what it knows of OpenAI
and all others is a list of providers, registered like yours."""


_RULES = """\
## The rules

* A plugin is a module (or an object) with functions of the names below, each marked with `@hookimpl`.
* It is found by an entry point of the group `massgen_plugins`. Installing the package beside MassGen is all.
* A function may take **fewer arguments** than its hook offers. Later versions may offer more; none is taken
  away.
* Hooks are synchronous and return soon. What has to wait is done by the object that a hook hands over: the
  methods of a middleware are asynchronous.
* A hook that raises is reported once and counts as not there; the run goes on.
* `MASSGEN_PLUGINS_BLOCK=name,name` keeps plugins from being loaded. `massgen-rl doctor` lists those that are
  there, those that failed, and those that are blocked."""


def _summary(names: list[str]) -> str:
    rows = [(f"[{code(name)}](#{name})", sentence(from_docstring(_first(name)))) for name in names]
    return f"## At a glance\n\n{table(('Hook', 'What it is for'), rows)}"


def _first(name: str) -> str:
    return (inspect.getdoc(getattr(hookspecs, name)) or "").split("\n\n")[0]


def _hook(name: str) -> str:
    hook = getattr(hookspecs, name)
    paragraphs = (inspect.getdoc(hook) or "").split("\n\n")
    since = next(
        (text.split("::")[1].strip() for text in paragraphs if text.startswith(".. versionadded::")), ""
    )
    texts = [from_docstring(text) for text in paragraphs if not text.startswith("..")]
    return "\n\n".join(
        (
            f"## `{name}` {{/* #{name} */}}",
            fence("python compile", f"from massgen_plugins.hookspecs import *\n\n{_signature(name)}"),
            *texts,
            f"Since {since}." if since else "",
        )
    ).rstrip()


def _signature(name: str) -> str:
    signature = str(inspect.signature(getattr(hookspecs, name))).replace("'", "")
    return f"def {name}{signature}: ..."


def _values() -> str:
    given = (
        ("hookspecs", hookspecs.AgentInfo),
        ("hookspecs", hookspecs.MiddlewareContext),
        ("middleware", middleware.ModelCall),
        ("middleware", middleware.CallOutcome),
        ("middleware", middleware.Refusal),
        ("middleware", middleware.StatedLimit),
        ("middleware", middleware.Announced),
        ("middleware", middleware.Usage),
    )
    rows = [
        (
            f"[`{cls.__name__}`](/reference/plugin-api#{module}-{cls.__name__.lower()})",
            from_docstring((inspect.getdoc(cls) or "").split("\n\n")[0]),
        )
        for module, cls in given
    ]
    return f"""\
## What is handed over {{/* #values */}}

Each with its fields and types on the page of the [Python API](/reference/plugin-api).

{table(("Value", "What it is"), rows)}"""


def _order() -> str:
    methods = ("before_call", "on_written", "after_call", "on_usage", "on_late_refusal", "on_finished")
    rows = [
        (
            code(name),
            from_docstring((inspect.getdoc(getattr(middleware.Middleware, name)) or "").split("\n\n")[0]),
        )
        for name in methods
    ]
    return f"""\
## A middleware, call by call {{/* #middleware */}}

{table(("Method", "When"), rows)}

Several middleware are like shells around a call: `before_call` and `on_written` go from the outermost to the
limiter, all others come back the other way. One that wants the call sent again is enough;
then all start over at `before_call` with the same `ModelCall`. A method that raises anything but
`CallRefused` is reported and skipped, so a fault in your plugin does not switch the limiter off."""


def _example() -> str:
    files = (
        ("pyproject.toml", "toml"),
        ("acme_massgen/plugin.py", "python compile"),
        ("acme_massgen/counting.py", "python compile"),
        ("acme_massgen/provider.py", "python compile"),
        ("acme_massgen/profiles/acme.yaml", "yaml rate-limit-profile"),
    )
    parts = [fence(f'{kind} title="{name}"', (_EXAMPLE / name).read_text("utf-8")) for name, kind in files]
    return "\n\n".join((_EXAMPLE_TEXT, *parts, _NEXT))


_EXAMPLE_TEXT = """\
## A complete package {/* #example */}

The plugin's test suite installs these files and runs them; in its sources they are `tests/example_plugin`.
The package counts calls, reads the traffic of a provider that does not exist, ships that provider's limits,
and adds `massgen-rl acme`."""

_NEXT = """\
Put these files into a folder `acme-massgen`, and install it:

```bash other
uv pip install ./acme-massgen
```

`massgen-rl acme` then says `Acme is here.`, and `massgen-rl doctor` lists `acme` among the loaded plugins.

## Next

* [Write a provider](/limits/write-a-provider): this provider, step by step, against a server that runs on
  your machine.
* [Events and metrics](/limits/events-and-metrics): what `massgen_event` hears.
* [How it works](/limits/how-it-works): what happens behind `before_call`."""
