"""Installed normally and editable: active at once, profiles found, and gone without a trace."""

from __future__ import annotations

import shutil
import sys
import sysconfig

import pytest
import stand_in
from environments import FINDERS, REPOSITORY, run

SHIPPED = """
from massgen_plugins.profiles.places import find_places
print(sorted(path.name for path in find_places().shipped_dir.glob("*.yaml")))
"""


def test_waits_for_massgen_from_the_start(installed):
    assert "HostFinder" in installed.evaluate(FINDERS)


def test_shipped_profiles_are_found(installed):
    shipped = sorted(path.name for path in (REPOSITORY / "plugin_configs").glob("*.yaml"))
    assert installed.evaluate(SHIPPED).strip() == str(shipped)


def test_nothing_stray_beside_the_package(installed):
    assert not (installed.packages / "plugin_configs").exists()


@pytest.mark.parametrize("flags", [["-I"], ["-E", "-s"]])
def test_isolated_interpreters_are_active(installed, flags):
    assert "HostFinder" in installed.evaluate(FINDERS, *flags)


def test_an_interpreter_without_site_is_not(installed):
    assert "HostFinder" not in installed.evaluate(FINDERS, "-S")


@pytest.mark.parametrize(("value", "active"), [("1", False), ("yes", False), ("0", True), ("", True)])
def test_opt_out(installed, value, active):
    assert ("HostFinder" in installed.evaluate(FINDERS, MASSGEN_PLUGINS_DISABLE=value)) is active


@pytest.mark.parametrize("way", ["normal", "editable"])
def test_uninstall_leaves_nothing(make_environment, wheel, way):
    environment = make_environment()
    environment.install(*([wheel] if way == "normal" else ["--editable", REPOSITORY]))
    assert any(name.endswith("/massgen_plugins.pth") for name in environment.leftovers())
    environment.pip("uninstall", "--yes", "massgen-plugins")
    assert environment.leftovers() == []
    assert "HostFinder" not in environment.evaluate(FINDERS)


def test_uv_tool_environment(wheel, tmp_path):
    """As ``uv tool install massgen --with massgen-plugins`` makes it; a stand-in saves the downloads."""
    stand_in.write_wheel(wheel.parent)
    without = tmp_path / "overrides.txt"  # dependencies that no platform has
    names = ("filelock", "platformdirs", "pluggy", "pydantic", "pyyaml", "rich", "typer")
    without.write_text("".join(f"{name} ; sys_platform == 'never'\n" for name in names))
    options = ("--offline", "--no-index", "--find-links", wheel.parent, "--overrides", without)
    places = {
        "UV_TOOL_DIR": tmp_path / "tools",
        "UV_TOOL_BIN_DIR": tmp_path / "bin",
        "UV_CACHE_DIR": tmp_path / "cache",
    }
    places = {name: str(path) for name, path in places.items()}
    uv = shutil.which("uv", path=sysconfig.get_path("scripts"))
    run(
        uv,
        "tool",
        "install",
        "massgen",
        "--with",
        "massgen-plugins",
        "-p",
        sys.executable,
        *options,
        **places,
    )
    assert run(tmp_path / "bin" / "massgen").stdout == "attached\n"
    run(uv, "tool", "uninstall", "massgen", **places)
    assert not (tmp_path / "tools" / "massgen").exists()
