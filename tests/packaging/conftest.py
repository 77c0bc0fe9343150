"""The wheel, and environments in which it is installed; each is made once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(
    0, str(Path(__file__).parent)
)  # for environments and stand_in, whichever way pytest was started

import stand_in
from environments import REPOSITORY, Environment, own_packages, run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", *options, REPOSITORY)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def make_environment(tmp_path_factory):
    def make(*paths):
        return Environment(tmp_path_factory.mktemp("environment") / "with space", [*paths, *own_packages()])

    return make


@pytest.fixture(scope="session", params=["normal", "editable"])
def installed(request, wheel, make_environment):
    environment = make_environment()
    environment.install(*([wheel] if request.param == "normal" else ["--editable", REPOSITORY]))
    return environment


@pytest.fixture(scope="session")
def normal(wheel, make_environment):
    environment = make_environment()
    environment.install(wheel)
    return environment


@pytest.fixture
def host(tmp_path):
    """Makes a stand-in for MassGen and gives its folder, for ``PYTHONPATH``."""

    def make(changed=None):
        return str(stand_in.write_folder(tmp_path / "host", changed or {}))

    return make
