"""The site in a real browser: everybody can read it, find things in it, and get along without a mouse."""

from __future__ import annotations

import pytest

from .checks import tools
from .checks.building import GIVEN, build
from .checks.places import WEBSITE

pytestmark = pytest.mark.site

CHECKS = WEBSITE / "checks"
BAD_PAGE = """<!doctype html><html lang="en" data-theme="light"><head><title>Bad</title></head><body><main>
<h1>Bad</h1><p style="color: #bbb; background: #fff">faint</p><img src="https://nowhere.invalid/x.png">
<pre style="width: 900px; margin: 0">wide</pre>
<script>console.error("so it is"); matchMedia("(prefers-color-scheme: dark)").onchange = (event) => {
document.documentElement.dataset.theme = event.matches ? "dark" : "light"; }</script></main></body></html>"""

DARK_PAGE = """<!doctype html><html lang="en" data-theme="light"><head><title>Dark</title><style>
body { color: #333; background: #fff } [data-theme=dark] .odd { background: #444 }</style></head><body><main>
<h1>Dark</h1><div><p>the first</p></div><div><p>the second</p></div><div class="odd"><p>the last</p></div>
<script>matchMedia("(prefers-color-scheme: dark)").onchange = (event) => {
document.documentElement.dataset.theme = event.matches ? "dark" : "light"; }</script></main></body></html>"""
"""Of three paragraphs of one style the last cannot be read in the dark: it stands on another ground."""


@pytest.fixture(scope="module")
def site():
    return {GIVEN: str(build())}


def check(name: str, environment: dict[str, str], *arguments: str) -> str:
    """What a check prints when it finds nothing."""
    return tools.run("node", [f"{name}.mjs", *arguments], cwd=CHECKS, limit=1200, **environment)


def test_every_page_is_accessible_quiet_and_fits_a_phone(site):
    assert "0 failed" in check("browser", site)


def test_the_search_finds_what_people_ask(site):
    assert "0 failed" in check("search", site)


def test_held_out_questions_find_their_pages_at_the_top(site):
    assert "0 failed" in check("ranks", site)


def test_everything_works_without_a_mouse(site):
    assert "0 failed" in check("keyboard", site)


def test_pages_are_fast_and_fit_for_everybody(site):
    assert "0 failed" in check("lighthouse", site)


@pytest.fixture(scope="module")
def bad_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    for name in ("index.html", "404.html"):
        (folder / name).write_text(BAD_PAGE)
    (folder / "dark.html").write_text(DARK_PAGE)
    return {GIVEN: str(folder)}


@pytest.fixture(scope="module")
def bad_report(bad_site):
    with pytest.raises(tools.ToolError) as caught:
        check("browser", bad_site)
    return str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        "axe color-contrast",
        "axe image-alt",
        "console error: so it is",
        "request to elsewhere: https://nowhere.invalid/x.png",
        "scrolls sideways by",
        "dark: axe color-contrast",
        "1 times, first .odd > p: <p>the last",
    ],
)
def test_what_is_bad_in_a_page_is_found(bad_report, said):
    assert said in bad_report


@pytest.mark.parametrize("name", ["search", "ranks", "keyboard", "lighthouse"])
def test_the_other_checks_can_fail_too(bad_site, name):
    with pytest.raises(tools.ToolError, match="FAIL"):
        check(name, {**bad_site, "HANDBOOK_PATIENCE": "500"})


def test_a_site_that_was_not_built_is_named_with_the_cure(tmp_path):
    with pytest.raises(tools.ToolError, match=r"There is no built site in .*run `make docs-build`"):
        check("browser", {GIVEN: str(tmp_path)})
