"""What the handbook's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checks import running
from .checks.fences import Fence, fences_of
from .checks.pages import Page


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "site: builds the handbook and looks at it in a browser (needs Node.js)"
    )


@pytest.fixture(scope="session", autouse=True)
def _massgen_in_the_background():
    """It is imported while the first pages are read."""
    running.server()


@pytest.fixture
def page():
    """Makes a page of a text: ``page("...")``."""

    def make(text: str) -> Page:
        return Page(Path("docs/somewhere/page.mdx"), text)

    return make


@pytest.fixture
def fence():
    """Makes a fence: ``fence("yaml massgen", "agents: ...")``."""

    def make(info: str, code: str) -> Fence:
        lines = [f"```{info}", *code.strip("\n").splitlines(), "```"]
        return fences_of(Path("docs/somewhere/page.mdx"), lines)[0]

    return make


@pytest.fixture
def said(fence):
    """What the checks say of a fence, in one text: ``said("yaml massgen", "...")``."""
    from .checks.classes import check_fence

    def ask(info: str, code: str) -> str:
        return "\n".join(map(str, check_fence(fence(info, code))))

    return ask
