"""Every example of every page is validated, tried on the real parsers, or run."""

from __future__ import annotations

import pytest

from .checks.pages import page_paths, read_page
from .checks.places import shown
from .checks.problem import report
from .checks.whole_page import check_fences


@pytest.mark.parametrize("path", page_paths(), ids=shown)
def test_every_example_of_the_page_holds(path):
    problems = check_fences(read_page(path))
    assert not problems, "\n" + report(problems)
