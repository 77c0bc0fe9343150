"""The source distribution: all that `make` needs, and nothing twice."""

from __future__ import annotations

import sys
import tarfile

import pytest
from environments import REPOSITORY, run


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=REPOSITORY)
    (built,) = folder.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        return [name.partition("/")[2] for name in archive.getnames()]


@pytest.mark.parametrize(
    "file",
    [
        "Makefile",
        ".ci/run",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "tests/conftest.py",
        "website/words.txt",
    ],
)
def test_what_make_needs_is_there(names, file):
    assert names.count(file) == 1


def test_nothing_that_a_build_has_made_is_there(names):
    made = ("node_modules", "__pycache__", ".venv", "build", ".docusaurus")
    assert [name for name in names if not {*name.split("/")}.isdisjoint(made)] == []
