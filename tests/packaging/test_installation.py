"""What keeps MassGen from starting, and what mends it; ``make test-install`` runs these commands."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata

import pytest
from environments import REPOSITORY
from from_nothing import readme

from massgen_plugins import installation
from massgen_plugins.installation import CONFLICTS, explain, install_command, outside, reinstall


@pytest.fixture
def installed(monkeypatch):
    """Says which packages there are."""

    def say(**versions):
        def version(name):
            if name not in versions:
                raise metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(installation.metadata, "version", version)

    return say


@pytest.fixture
def extra():
    """Requirements of our extra by package."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    lines = project["optional-dependencies"]["massgen"]
    return {re.match(r"[\w.-]+", line)[0]: line for line in lines}


@pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda conflict: conflict.bad[0])
def test_a_conflict_is_explained(conflict, installed):
    bad = conflict.bad[0].rpartition("=")[2]
    installed(**{conflict.package: bad})
    found, cure = explain(f"ImportError: cannot import name {conflict.symptom} from 'x' (/x.py)")
    assert found == f"{conflict.package} {bad} is in the way, {conflict.package} {conflict.works} works"
    assert cure == install_command(*conflict.cure)


@pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda conflict: conflict.bad[0])
def test_a_cure_and_our_extra_ask_for_the_same(conflict, extra):
    bound = extra[conflict.package].removeprefix(conflict.package)
    assert conflict.cure[0] == f"{conflict.package}{bound}"


def test_a_missing_module_comes_with_the_whole_set(installed):
    installed()
    found, cure = explain("ModuleNotFoundError: No module named 'pydantic_settings'")
    assert found == "the module pydantic_settings is missing"
    assert cure.endswith('"massgen-plugins[massgen]"')


def test_a_module_that_is_missing_from_an_installed_package_is_installed_anew(installed):
    installed(pydantic_settings="2.16.3")
    found, cure = explain("ModuleNotFoundError: No module named 'pydantic_settings'")
    assert found == "pydantic_settings 2.16.3 is damaged"
    assert cure.endswith("install --force-reinstall --no-deps pydantic-settings==2.16.3")


def test_an_unknown_error_names_the_packages_that_were_not_tried(installed, monkeypatch):
    installed(mcp="3.0", openai="2.2.0")
    lines = ['mcp<2,>=1.30; extra == "massgen"', 'openai<3,>=2; extra == "massgen"', "rich>=13"]
    monkeypatch.setattr(installation.metadata, "requires", lambda _: lines)
    found, _ = explain("TypeError: what is this")
    assert found == "TypeError: what is this; not as tried: mcp 3.0 (<2,>=1.30 works)"


def test_a_module_that_an_untried_version_lacks_is_not_called_damaged(installed, monkeypatch):
    installed(fast_mcp="4.2.3", **{"fast-mcp": "4.2.3"})
    monkeypatch.setattr(installation.metadata, "requires", lambda _: ["fast-mcp<3,>=2; extra == 'massgen'"])
    found, cure = explain("ModuleNotFoundError: No module named 'fast_mcp'")
    assert found.endswith("not as tried: fast-mcp 4.2.3 (<3,>=2 works)")
    assert cure.endswith('"massgen-plugins[massgen]"')


@pytest.mark.parametrize(
    ("version", "bounds", "named"),
    [
        ("1.30.0", "<2,>=1.30", False),
        ("1.29.9", "<2,>=1.30", True),
        ("2.0", "<2,>=1.30", True),
        ("2.0.10.post1", "<2.0.11,>=2.0.10", False),
        ("2", "<2.0.11,>=2.0.10", True),
    ],
)
def test_bounds(installed, monkeypatch, version, bounds, named):
    installed(mcp=version)
    monkeypatch.setattr(installation.metadata, "requires", lambda _: [f"mcp{bounds}; extra == 'massgen'"])
    assert bool(outside()) is named


def test_our_own_environment_is_within_the_bounds():
    assert outside() == []


@pytest.mark.parametrize(
    ("pip", "found", "command"),
    [
        (True, "{scripts}/pip", "pip install mcp"),
        (True, "/elsewhere/pip", "{python} -m pip install mcp"),
        (True, None, "{python} -m pip install mcp"),
        (False, None, "uv pip install --python {python} mcp"),
    ],
)
def test_the_command_is_of_this_environment(monkeypatch, pip, found, command):
    monkeypatch.setattr(installation, "find_spec", lambda _: object() if pip else None)
    scripts = installation.sysconfig.get_path("scripts")
    monkeypatch.setattr(installation.shutil, "which", lambda _: found and found.format(scripts=scripts))
    assert install_command("mcp") == command.format(python=sys.executable)


def test_a_requirement_that_a_shell_would_read_is_quoted():
    assert install_command("mcp>=1,<2", "a==1").endswith('install "mcp>=1,<2" a==1')
    assert reinstall("no_such_package").endswith("--no-deps no-such-package")


def test_the_readme_shows_the_last_result_of_the_installation_test():
    assert readme.shown_table() == readme.table(readme.last_rows())


def test_every_step_of_the_installation_test_went_well_and_fast():
    rows = readme.last_rows()
    assert [row["tool"].split()[0] for row in rows] == ["pip"] * 6 + ["uv"] * 3
    assert {row["result"] for row in rows if row["line"] != "cures"} == {
        "MassGen starts",
        "no other package changed",
    }
    for row in rows:
        if row["line"] == "cures":
            mended, of = re.match(r"(\d+) of (\d+) mended", row["result"]).groups()
            assert mended == of
        else:
            assert row["seconds"] < (300 if "[massgen]" in row["line"] else 30)
