"""``massgen-rl run``: MassGen with the package attached explicitly."""

from __future__ import annotations

from pathlib import Path

import pytest

BACKENDS = "def create_agents_from_config(config): ...\ndef create_backend(kind): ...\n"
COMMAND = """
import json, os, sys
from .backends import create_agents_from_config

def cli_main():
    seen = {
        "arguments": sys.argv,
        "switch": os.environ.get("MASSGEN_RATE_LIMIT"),
        "attached": hasattr(create_agents_from_config, "__wrapped__"),
    }
    print(json.dumps(seen))
    return 7
"""


@pytest.fixture
def host(tmp_path: Path):
    """Installs something that looks like MassGen; returns what makes Python find it."""

    def install(version: str = "0.1.97", backends: str = BACKENDS, command: str = COMMAND) -> dict[str, str]:
        package = tmp_path / "site" / "massgen" / "cli"
        package.mkdir(parents=True)
        (package.parent / "__init__.py").touch()
        (package / "__init__.py").write_text(command)
        (package / "backends.py").write_text(backends)
        info = tmp_path / "site" / f"massgen-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: massgen\nVersion: {version}\n")
        (info / "entry_points.txt").write_text("[console_scripts]\nmassgen = massgen.cli:cli_main\n")
        return {"PYTHONPATH": str(tmp_path / "site")}

    return install


def test_it_hands_over_the_arguments_and_the_exit_code(script, host):
    ran = script("run", "--", "--config", "team.yaml", "--rate-limit", "two words", **host())
    assert ran.code == 7
    assert ran.document["arguments"] == ["massgen", "--config", "team.yaml", "--rate-limit", "two words"]
    assert ran.document["switch"] is None


@pytest.mark.parametrize(("flag", "switch"), [("--rate-limit", "1"), ("--no-rate-limit", "0")])
def test_the_flag_decides_for_all_agents(script, host, flag, switch):
    assert script("run", flag, "--", "question", **host()).document["switch"] == switch


def test_it_attaches_where_the_automatic_start_is_switched_off(script, host):
    assert script("run", **host(), MASSGEN_PLUGINS_DISABLE="1").document["attached"] is True


def test_without_massgen_it_says_so(rl, monkeypatch):
    monkeypatch.setattr("massgen_plugins.cli.installed_host.host_folder", lambda: None)
    ran = rl("run", "--", "question")
    assert (ran.code, ran.out) == (127, "")
    assert 'pip install "massgen-plugins[massgen]"' in ran.err
    assert ran.err.count("\n") == 1


def test_a_massgen_that_is_too_old_is_not_run(script, host):
    ran = script("run", **host(version="0.1.26"))
    assert (ran.code, ran.out) == (127, "")
    assert "MassGen 0.1.26 is not supported" in ran.err


@pytest.mark.parametrize(
    "change",
    [
        {"backends": "", "command": "def cli_main(): print('ran')\n"},
        {"command": "raise ImportError('broken')\n"},
        {"command": "from .backends import create_agents_from_config\n"},
    ],
    ids=["no seam", "broken", "no command"],
)
def test_a_massgen_that_cannot_be_attached_to_is_not_run(script, host, change):
    ran = script("run", **host(**change))
    assert (ran.code, ran.out) == (127, "")
    assert ran.err.startswith("massgen-rl: ")
    assert "Traceback" not in ran.err


def test_ctrl_c_that_massgen_does_not_catch_ends_with_130(script, host):
    interrupted = COMMAND.replace("return 7", "raise KeyboardInterrupt")
    ran = script("run", **host(command=interrupted))
    assert ran.code == 130
    assert "Traceback" not in ran.err


@pytest.mark.e2e
def test_the_real_massgen_is_attached_to(script):
    ran = script("run", "--", "--help")
    assert ran.code == 0
    assert "--rate-limit" in ran.out
