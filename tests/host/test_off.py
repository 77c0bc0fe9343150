"""Not switched on means not there: looked at from outside, in fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

ALLOWED = {
    "massgen_plugins",
    "massgen_plugins._bootstrap",
    "massgen_plugins.errors",
    "massgen_plugins.host",
    "massgen_plugins.host.agents",
    "massgen_plugins.host.attach",
    "massgen_plugins.host.python_api",
    "massgen_plugins.import_hook",
    "massgen_plugins.profiles",
    "massgen_plugins.profiles.at_start",
    "massgen_plugins.host.subagents",
    "massgen_plugins.host.switch",
    "massgen_plugins.wrapping",
}

MAKE_AGENTS = """
import json, os, sys
import massgen_plugins
massgen_plugins.start()
before = {}
import aiohttp, httpx
methods = [(aiohttp.ClientSession, "_request"), (httpx.AsyncClient, "send"), (httpx.Client, "send")]
before = [vars(owner)[name] for owner, name in methods]
import massgen.cli.backends as backends
from massgen.cli.backends import create_agents_from_config
import massgen.subagent.manager
from massgen.orchestrator import Orchestrator
config = {"agents": [{"id": "a", "backend": {"type": "gemini", "model": "gemini-2.5-flash"}},
                     {"id": "b", "backend": {"type": "gemini", "model": "gemini-2.5-flash",
                                             "enable_rate_limit": False}}]}
agents = create_agents_from_config(config)
loaded = sorted(name for name in sys.modules if name.split(".")[0] == "massgen_plugins")
from massgen_plugins.wrapping import is_wrapped
print(json.dumps({
    "modules": loaded,
    "plugin system": "pluggy" in sys.modules and "massgen_plugins.manager" in sys.modules,
    "clients untouched": [vars(owner)[name] for owner, name in methods] == before,
    "backends untouched": all("stream_with_tools" not in vars(agent.backend) for agent in agents.values()),
    "pause untouched": not is_wrapped(Orchestrator, "_apply_agent_startup_rate_limit"),
    "wrapped": is_wrapped(backends, "create_agents_from_config"),
    "watching": [type(f).__name__ for f in sys.meta_path if type(f).__module__.startswith("massgen_plugins")],
    "switch": os.environ.get("MASSGEN_RATE_LIMIT"),
}))
"""


def python(text, home, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", text],
        env={**kept, "HOME": str(home), "GEMINI_API_KEY": "k", **environment},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def home(tmp_path):
    directory = tmp_path / "home"
    directory.mkdir()
    return directory


def test_agents_that_are_off_are_massgens_alone(home):
    result = python(MAKE_AGENTS, home)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    assert set(told.pop("modules")) <= ALLOWED
    assert told == {
        "plugin system": False,
        "clients untouched": True,
        "backends untouched": True,
        "pause untouched": True,
        "wrapped": True,
        "watching": [],
        "switch": None,
    }
    assert "massgen-plugins" not in result.stdout + result.stderr
    assert not [path for path in home.rglob("*") if "plugins" in path.name]


def test_a_program_without_massgen_is_left_alone(home):
    text = "import massgen_plugins as b, sys; b.start(); import json; print(len(sys.modules))"
    result = python(text, home)
    assert (result.returncode, result.stderr) == (0, "")
    assert list(home.iterdir()) == []


def test_a_host_that_is_absent_is_met_with_silence(home):
    text = (
        "import sys, massgen_plugins as b; b.start()\n"
        "sys.path[:] = [p for p in sys.path if 'site-packages' not in p]\n"
        "try:\n    import massgen.cli\nexcept ModuleNotFoundError as error:\n    print(error)"
    )
    result = python(text, home)
    assert result.stdout.strip() == "No module named 'massgen'"
    assert result.stderr == ""


def test_opting_out_leaves_no_wrapper(home):
    text = MAKE_AGENTS.replace("agents = create", "agents = {} and create")
    result = python(text, home, MASSGEN_PLUGINS_DISABLE="1")
    told = json.loads(result.stdout.splitlines()[-1])
    assert not told["wrapped"]
    assert set(told["modules"]) == {"massgen_plugins"}


def test_a_host_whose_seams_are_gone_is_said_once_and_still_works(home, tmp_path):
    package = tmp_path / "old" / "massgen" / "cli"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "backends.py").write_text("value = 3\n", encoding="utf-8")
    text = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'old')!r})\n"
        "import massgen_plugins as b; b.start()\n"
        "import massgen.cli.backends as m; print(m.value)"
    )
    result = python(text, home)
    assert result.stdout.strip() == "3"
    assert result.stderr.count("massgen-plugins") == 1
    assert "massgen.cli.backends" in result.stderr
