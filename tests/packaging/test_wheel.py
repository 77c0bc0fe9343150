"""What is in the wheel: the package, two start-up files beside it, the profiles in it, and nothing else."""

from __future__ import annotations

import zipfile
from email.parser import Parser

import pytest


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture
def read(wheel):
    def text(name):
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(name).decode()

    return text


def test_top_level(names):
    top = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert top == {"massgen_plugins", "massgen_plugins.pth", "massgen_plugins.start"}


def test_start_up_files_are_only_beside_the_package(names):
    assert [name for name in names if name.endswith((".pth", ".start")) and "/" in name] == []


@pytest.mark.parametrize(
    "part",
    ["py.typed", "_bootstrap.py", "plugin_configs/gemini.yaml", "sandbox/shipped_scenes/questions.toml"],
)
def test_parts_of_the_package(names, part):
    assert f"massgen_plugins/{part}" in names


def test_only_code_profiles_and_their_marker_are_in_the_package(names):
    inside = [name for name in names if name.startswith("massgen_plugins/")]
    assert {name.rpartition(".")[2] for name in inside} <= {"py", "typed", "yaml", "md", "lua", "toml"}


def test_start_up_file_is_one_plain_import_line(read):
    (line,) = read("massgen_plugins.pth").splitlines()
    assert line == "import massgen_plugins; massgen_plugins.start()"


def test_twin_for_newer_pythons_names_the_same_function(read):
    assert read("massgen_plugins.start").split() == ["massgen_plugins:start"]


def test_metadata(names, read):
    (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
    metadata = Parser().parsestr(read(f"{info}/METADATA"))
    lines = metadata.get_all("Requires-Dist")
    required = {line.split(">")[0] for line in lines if "extra ==" not in line}
    ours = {"filelock", "platformdirs", "pluggy", "pydantic", "pyyaml", "rich", "typer"}
    assert required == ours, "MassGen is not one"
    assert metadata.get_all("Provides-Extra") == ["cost", "massgen", "metrics", "redis"]
    assert metadata["Requires-Python"] == ">=3.11"
    assert "massgen-rl = massgen_plugins.cli:main" in read(f"{info}/entry_points.txt")
    assert f"{info}/licenses/LICENSE" in names
