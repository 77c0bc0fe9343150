"""What the pages under /install and the glossary say of MassGen 0.1.97, one sentence for each test."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import re
from pathlib import Path

import pytest

from massgen_plugins import sandbox

from .checks import host
from .checks.places import ROOT
from .massgen_run import massgen, page, team


def extras():
    """Extra to the names of the packages it asks for."""
    data = importlib.metadata.metadata("massgen")
    asked = [line for line in data.get_all("Requires-Dist") if "extra ==" in line]
    named = {extra: set() for extra in data.get_all("Provides-Extra")}
    for line in asked:
        extra = re.search(r'extra == "([^"]+)"', line)[1]
        named[extra].add(re.match(r"[\w.-]+", line)[0].lower())
    return named


def always():
    """Packages that every installation has because MassGen asks for them without an extra."""
    lines = importlib.metadata.metadata("massgen").get_all("Requires-Dist")
    return {re.match(r"[\w.-]+", line)[0].lower() for line in lines if "extra ==" not in line}


def test_the_page_names_exactly_the_extras_that_there_are():
    text = (ROOT / "website/docs/install/requirements.mdx").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)) == set(extras())


@pytest.mark.parametrize("extra", ["external", "litellm"])
def test_an_extra_brings_nothing_that_is_not_there_already(extra):
    assert extras()[extra] <= always()


def test_the_extra_all_has_neither_docker_nor_video():
    assert extras()["all"].isdisjoint(extras()["docker"] | extras()["video"])


def test_a_test_runner_and_documentation_themes_are_installed_for_everybody():
    assert {"pytest", "pytest-textual-snapshot", "sphinx-rtd-theme", "sphinx-book-theme"} <= always()


def test_the_package_has_three_commands_and_no_version_flag(tmp_path):
    points = importlib.metadata.distribution("massgen").entry_points
    names = {point.name for point in points if point.group == "console_scripts"}
    assert names == {"massgen", "massgen-checkpoint-mcp", "massgen-checkpoint-setup"}
    ended = massgen(tmp_path, "--version")
    assert (ended.code, "unrecognized arguments: --version" in ended.text) == (2, True)


@pytest.fixture(scope="module")
def config():
    """A team of one whose provider answers at once."""
    with sandbox.SandboxProcess() as provider:
        yield team(f"{{type: vllm, model: m, base_url: '{provider.url}/v1'}}")


def test_a_run_leaves_its_files_in_two_places_only(tmp_path, config):
    ended = massgen(tmp_path, '--automation --config team.yaml "x"', config)
    assert {path.name for path in ended.project.iterdir()} == {"team.yaml", ".massgen"}
    assert {path.name for path in ended.home.iterdir() if path.name != ".cache"} <= {
        ".massgen",
        ".litellm_cache",
    }
    assert (ended.home / ".massgen" / "sessions.json").is_file()


def test_logs_can_be_written_elsewhere(tmp_path, config):
    away = str(tmp_path / "logs")
    ended = massgen(tmp_path, '--automation --config team.yaml "x"', config, MASSGEN_LOG_BASE_DIR=away)
    assert re.search(r"^LOG_DIR: (.+)$", ended.text, re.MULTILINE)[1].startswith(away)


def test_setup_docker_says_what_is_missing_and_exits_with_0(tmp_path):
    ended = massgen(tmp_path, "--setup-docker")
    assert "Checking Docker status..." in ended.text
    assert ended.code == 0


def test_the_package_does_not_bring_the_files_to_build_an_image():
    folder = Path(host.module("massgen").__file__).parent / "docker"
    assert [file.name for file in folder.iterdir()] == ["README.md"], "/install/docker#images"


def test_the_agents_images_are_the_two_that_the_page_names():
    source = Path(host.module("massgen.utils.docker_diagnostics").__file__).read_text(encoding="utf-8")
    images = set(re.findall(r"ghcr\.io/massgen/[\w:-]+", source))
    assert images == {"ghcr.io/massgen/mcp-runtime-sudo:latest", "ghcr.io/massgen/mcp-runtime:latest"}
    assert all(image in page("install/docker") for image in images)


# --- /start/glossary


def test_every_yaml_key_of_the_glossary_exists():
    config = host.module("massgen.agent_config")
    known = {
        "orchestrator.coordination": {field.name for field in dataclasses.fields(config.CoordinationConfig)},
        "orchestrator": config.AgentConfig.valid_orchestrator_keys(),
        "timeout_settings": config.TimeoutConfig.yaml_timeout_keys(),
    }
    text = (ROOT / "website/docs/start/glossary.mdx").read_text(encoding="utf-8")
    keys = re.findall(r"`((?:orchestrator|timeout_settings)(?:\.coordination)?)\.(\w+)`", text)
    assert len(keys) > 20
    missing = [f"{section}.{key}" for section, key in keys if key not in known[section]]
    assert missing == []
