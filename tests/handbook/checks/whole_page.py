"""Everything that is checked of one page."""

from __future__ import annotations

from pathlib import Path

from . import evidence, front_matter, one_home, opening, policies, prose, running, source_text
from .classes import check_fence
from .pages import Page, read_page
from .problem import Problem

_RUN = frozenset({"run", "raises"})


def check_page(path: Path, *, static: bool = False) -> list[Problem]:
    """All that is wrong with a page; ``static`` leaves out fences that would be run."""
    page = read_page(path)
    return [*check_writing(page), *check_fences(page, static=static)]


def needs_massgen(page: Page) -> bool:
    """Whether it has fences that are run, and start MassGen or Python then."""
    run = [fence for fence in page.fences if fence.kind in _RUN]
    return any(fence.language == "python" or running.needs_massgen(fence.code) for fence in run)


def check_writing(page: Page) -> list[Problem]:
    """All but its fences."""
    checks = (front_matter, evidence, opening, policies, source_text, one_home, prose)
    return [problem for check in checks for problem in check.problems(page)]


def check_fences(page: Page, *, static: bool = False) -> list[Problem]:
    """Its fences."""
    fences = [fence for fence in page.fences if not (static and fence.kind in _RUN)]
    return [problem for fence in fences for problem in check_fence(fence)]
