"""Every hook: its implementation is called, with what, and what becomes of its answer and its errors."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from massgen_plugins import hookspecs
from massgen_plugins.budget.middleware import BudgetMiddleware
from massgen_plugins.events import Trouble
from massgen_plugins.hookspecs import AgentInfo, MiddlewareContext, hookimpl
from massgen_plugins.manager import BLOCK_VARIABLE, BUILT_IN, build_manager
from massgen_plugins.middleware import Middleware
from massgen_plugins.providers.base import Provider
from massgen_plugins.rate_limit.middleware import RateLimitMiddleware

HOOKS = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("massgen_")}
CONTEXT = MiddlewareContext(emit=lambda event: None, rules=lambda pool: None, settings=lambda domain: {})


class Acme(Provider):
    """A provider that knows its own backends, and no traffic."""

    name = "acme"

    def serves(self, backend_type, base_url):
        return backend_type == "acme"

    def is_model_call(self, method, url):
        return False

    def read_request(self, request):
        return None

    def usage_reader(self, request):
        raise NotImplementedError

    def read_refusal(self, status, headers, body, request):
        return None


def plugin(**hooks):
    """A plugin with these functions."""
    return SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})


def kinds(answers):
    return [type(answer) for answer in answers or ()]


@pytest.fixture
def told():
    return []


@pytest.fixture
def plugins(told):
    """The built-in plugins and those of the test, and nothing that is installed here."""
    return lambda *extra: build_manager(told.append, extra=extra, with_entry_points=False)


def test_every_hook_has_a_test_here():
    assert set(HOOKS) == {
        name.removeprefix("test_hook_") for name in globals() if name.startswith("test_hook_massgen_")
    }


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_every_hook_says_when_it_is_called_and_since_when_it_exists(name):
    documentation = inspect.getdoc(HOOKS[name])
    assert "Called " in documentation
    assert re.search(r"^\.\. versionadded:: \d+\.\d+$", documentation, re.MULTILINE)
    assert not inspect.iscoroutinefunction(HOOKS[name])
    assert "return" in inspect.get_annotations(HOOKS[name])


def test_hook_massgen_middleware(plugins):
    seen, own = [], Middleware()

    def massgen_middleware(context):
        seen.append(context)
        return own

    first, *rest = plugins(plugin(massgen_middleware=massgen_middleware)).middleware(CONTEXT)
    assert first is own
    assert seen == [CONTEXT]
    assert [type(each) for each in rest] == [BudgetMiddleware, RateLimitMiddleware]


def test_later_middleware_is_asked_earlier_and_the_limiter_last(plugins):
    one, two = Middleware(), Middleware()
    made = plugins(
        plugin(massgen_middleware=lambda: one),
        plugin(massgen_middleware=lambda: two),
        plugin(massgen_middleware=lambda: None),
    )
    assert made.middleware(CONTEXT)[:-2] == [two, one]


def test_hook_massgen_provider(plugins):
    provider = Acme()
    first, *rest = plugins(plugin(massgen_provider=lambda: provider)).providers()
    assert first is provider
    assert {"gemini", "openai", "anthropic"} <= {each.name for each in rest}


def test_hook_massgen_profile_directories(plugins, tmp_path):
    made = plugins(
        plugin(massgen_profile_directories=lambda: [tmp_path, str(tmp_path / "more")]),
        plugin(massgen_profile_directories=lambda: None),
    )
    assert made.profile_directories() == [tmp_path, Path(tmp_path / "more")]


def test_hook_massgen_agent_starting(plugins):
    seen = []
    info = AgentInfo("a0", "gemini", "gemini-2.5-flash", {})

    def massgen_agent_starting(agent):
        seen.append(agent)

    plugins(plugin(massgen_agent_starting=massgen_agent_starting)).agent_starting(info)
    assert seen == [info]


def test_hook_massgen_event(plugins):
    seen = []

    def massgen_event(event):
        seen.append(event)

    plugins(plugin(massgen_event=massgen_event)).event(Trouble("x"))
    assert seen == [Trouble("x")]


def test_hook_massgen_cli_commands(plugins):
    def massgen_cli_commands(app):
        app.command("hello")(lambda: typer.echo("hello from a plugin"))

    app = typer.Typer()
    app.callback()(lambda: None)
    plugins(plugin(massgen_cli_commands=massgen_cli_commands)).cli_commands(app)
    assert "hello from a plugin" in CliRunner().invoke(app, ["hello"]).output


@pytest.mark.parametrize(
    ("hook", "ask"),
    [
        ("massgen_middleware", lambda made: made.middleware(CONTEXT)),
        ("massgen_provider", lambda made: made.providers()),
        ("massgen_profile_directories", lambda made: made.profile_directories()),
        ("massgen_agent_starting", lambda made: made.agent_starting(AgentInfo("a", "p", "m", {}))),
        ("massgen_event", lambda made: made.event(Trouble("x"))),
        ("massgen_cli_commands", lambda made: made.cli_commands(typer.Typer())),
    ],
)
def test_a_hook_that_raises_is_said_once_and_the_other_plugins_are_asked(plugins, told, hook, ask):
    heard = []

    def fail():
        raise LookupError("its own fault")

    good = plugin(**{hook: lambda: heard.append(hook)})
    made = plugins(good, plugin(**{hook: fail}), plugin(**{hook: lambda: heard.append(hook)}))
    assert kinds(ask(made)) == kinds(ask(plugins()))
    ask(made)
    assert heard == [hook] * 4
    assert len(told) == 1
    assert hook in told[0]
    assert "LookupError" in told[0]
    assert "its own fault" not in told[0]  # it may quote what it was handed


@pytest.mark.parametrize(
    ("hook", "answer", "ask"),
    [
        ("massgen_middleware", object(), lambda made: made.middleware(CONTEXT)),
        ("massgen_provider", object(), lambda made: made.providers()),
        ("massgen_profile_directories", [3], lambda made: made.profile_directories()),
        ("massgen_profile_directories", "/one/string", lambda made: made.profile_directories()),
    ],
)
def test_an_answer_of_the_wrong_kind_is_left_out_and_named(plugins, told, hook, answer, ask):
    assert len(ask(plugins(plugin(**{hook: lambda: answer})))) == len(ask(plugins()))
    assert len(told) == 1
    assert hook in told[0]


def test_a_function_may_take_fewer_arguments_than_the_hook_offers(plugins):
    seen = []
    plugins(plugin(massgen_event=lambda: seen.append(True))).event(Trouble("x"))
    assert seen == [True]


def test_built_in_plugins_are_plugins_like_any_other(plugins, monkeypatch):
    assert plugins().names() == list(BUILT_IN)
    monkeypatch.setenv(BLOCK_VARIABLE, "rate_limit, nobody")
    assert plugins().names() == ["budget", "gemini", "providers", "calls"]
    assert [type(each).__name__ for each in plugins().middleware(CONTEXT)] == ["BudgetMiddleware"]


def test_the_start_of_the_interpreter_knows_nothing_of_plugins():
    code = "import massgen_plugins, sys; assert 'pluggy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
