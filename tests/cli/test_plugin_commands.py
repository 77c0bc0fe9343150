"""Commands that other packages add."""

from __future__ import annotations

from pathlib import Path

import pytest

PLUGIN = """
from massgen_plugins.hookspecs import hookimpl

@hookimpl
def massgen_cli_commands(app):
    @app.command()
    def hello(name: str = "you"):
        "Greet somebody."
        print(f"hello {name}")

    @app.command()
    def status():
        print("not ours")
"""
FAILING = PLUGIN.replace("    @app.command()\n    def hello", '    raise RuntimeError("boom")\n    def hello')


@pytest.fixture
def plugin(tmp_path: Path):
    """Installs a package with an entry point; returns what makes Python find it."""

    def install(source: str = PLUGIN) -> dict[str, str]:
        info = tmp_path / "site" / "acme-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[massgen_plugins]\nacme = acme_plugin\n")
        (tmp_path / "site" / "acme_plugin.py").write_text(source)
        return {"PYTHONPATH": str(tmp_path / "site")}

    return install


def test_a_plugins_command_is_listed_and_runs(script, plugin):
    site = plugin()
    assert "Greet somebody." in script("--help", **site).out
    ran = script("hello", "--name", "team", **site)
    assert (ran.code, ran.out) == (0, "hello team\n")


def test_our_own_commands_do_not_load_plugins(script, plugin):
    site = plugin("raise SystemExit('loaded')")
    assert script("run", "--help", **site).code == 0


def test_a_name_of_ours_stays_ours(script, plugin):
    site = plugin()
    assert "not ours" not in script("status", **site).out
    assert "'status' is ignored" in script("--help", **site).err


@pytest.mark.parametrize("source", [FAILING, "1 / 0", "syntax error"], ids=["hook", "import", "syntax"])
def test_a_plugin_that_fails_is_reported_and_ours_go_on(script, plugin, source):
    ran = script("--help", **plugin(source))
    assert ran.code == 0
    assert "profiles" in ran.out
    assert ran.err.startswith("massgen-rl: The plugin acme ")
    assert "Traceback" not in ran.err


def test_a_blocked_plugin_adds_nothing(script, plugin):
    assert "Greet" not in script("--help", **plugin(), MASSGEN_PLUGINS_BLOCK="acme").out
