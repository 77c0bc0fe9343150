"""A third party's package, installed from its folder: an entry point alone adds all that a plugin can add."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from massgen_plugins.hookspecs import MiddlewareContext
from massgen_plugins.manager import BLOCK_VARIABLE, build_manager
from massgen_plugins.profiles import load_settings
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.quota import Charge, Kind

from .overlay import EXAMPLE, install, write_broken_plugin

IMPORT = "from massgen_plugins.hookspecs import hookimpl\n"
CONTEXT = MiddlewareContext(emit=lambda event: None, rules=lambda pool: None, settings=lambda domain: {})


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A directory in which the example is installed."""
    return install(EXAMPLE, tmp_path_factory.mktemp("overlay") / "site")


@pytest.fixture
def told():
    return []


@pytest.fixture
def plugins(site, told, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    yield build_manager(told.append)
    for name in [name for name in sys.modules if name.split(".")[0] in {"acme_massgen", "broken_plugin"}]:
        del sys.modules[name]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs a package with this body as a plugin."""

    def install_it(body, name="broken"):
        source = write_broken_plugin(tmp_path / "source", body, name)
        monkeypatch.syspath_prepend(str(install(source, tmp_path / "site")))

    return install_it


def test_it_is_found_by_its_entry_point(plugins, told):
    assert [point.name for point in entry_points(group="massgen_plugins")] == ["acme"]
    assert plugins.names() == ["rate_limit", "budget", "gemini", "providers", "calls", "acme"]
    assert told == []


def test_its_middleware_goes_before_the_limiter(plugins):
    names = [type(each).__name__ for each in plugins.middleware(CONTEXT)]
    assert names == ["CountingMiddleware", "BudgetMiddleware", "RateLimitMiddleware"]


def test_its_provider_reads_its_traffic(plugins):
    acme = plugins.providers()[0]
    url = "https://acme.example/acme/v1/answer"
    assert acme.is_model_call("POST", url)
    request = acme.read_request(
        HttpRequest("POST", url, {"authorization": "k"}, b'{"model": "acme-small-latest"}')
    )
    assert (request.model, request.credential) == ("acme-small", "k")
    assert request.charges == {Kind.REQUESTS: Charge(1), Kind.INPUT_TOKENS: Charge(30)}
    reader = acme.usage_reader(request)
    for piece in (b'{"usage": {"input_', b'tokens": 12}}'):
        reader.feed(piece)
    assert reader.usage().amounts == {Kind.INPUT_TOKENS: 12}
    assert acme.read_refusal(429, {"retry-after": "7"}, b"{}", request).retry_after == 7


def test_its_profile_limits_its_models(plugins):
    settings = load_settings(None, extra_profile_dirs=plugins.profile_directories())
    assert settings.rules("acme", "acme-small").profile == "acme-free"
    assert settings.rules("gemini", "gemini-2.5-flash").profile == "gemini-seed"


def test_its_command_is_a_command(plugins):
    app = typer.Typer()
    app.callback()(lambda: None)
    plugins.cli_commands(app)
    assert CliRunner().invoke(app, ["acme"]).output == "Acme is here.\n"


def test_it_can_be_blocked_by_name(plugins, monkeypatch, told):
    monkeypatch.setenv(BLOCK_VARIABLE, "acme")
    assert build_manager(told.append).names() == ["rate_limit", "budget", "gemini", "providers", "calls"]
    assert told == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import nothing_of_this_name", "nothing_of_this_name"),
        ("raise SystemExit(3)", "SystemExit"),
        ("this is no Python", "SyntaxError"),
        (f"{IMPORT}@hookimpl\ndef massgen_midleware(): ...", "massgen_midleware"),
        (f"{IMPORT}@hookimpl(wrapper=True)\ndef massgen_event():\n    yield", "cannot be wrapped"),
        (f"{IMPORT}@hookimpl\ndef massgen_event(happening): ...", "happening"),
    ],
    ids=["import", "exit", "syntax", "misspelt", "wrapper", "argument"],
)
@pytest.mark.usefixtures("plugins")
def test_a_broken_package_is_left_out_with_one_sentence(told, installed, body, why):
    installed(body)
    made = build_manager(told.append)
    assert sorted(made.names()) == ["acme", "budget", "calls", "gemini", "providers", "rate_limit"]
    assert len(told) == 1
    assert told[0].startswith("The plugin broken (broken_plugin) could not be loaded and is left out: ")
    assert why in told[0]


@pytest.mark.usefixtures("plugins")
def test_a_package_that_takes_a_built_in_name_is_left_out(told, installed):
    installed("", name="gemini")
    assert sorted(build_manager(told.append).names()) == [
        "acme",
        "budget",
        "calls",
        "gemini",
        "providers",
        "rate_limit",
    ]
    assert told == ["The plugin gemini (gemini_plugin) is left out: another one has this name."]


def in_another_process(site, *command):
    """What a program prints that finds the example on PYTHONPATH."""
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_other_processes_see_it_through_pythonpath(site):
    code = "from massgen_plugins.manager import build_manager as b; print(*b(print).names())"
    assert in_another_process(site, sys.executable, "-c", code).split() == [
        "rate_limit",
        "budget",
        "gemini",
        "providers",
        "calls",
        "acme",
    ]


def test_its_command_and_its_profile_are_in_massgen_rl(site):
    program = str(Path(sys.executable).parent / "massgen-rl")
    assert in_another_process(site, program, "acme") == "Acme is here.\n"
    assert "acme-free" in in_another_process(site, program, "profiles")
