"""The checks of the built site: each can fail, and says what is wrong."""

from __future__ import annotations

import pytest

from .checks import built_text, link_check, reachable, tools
from .checks.html_pages import html_pages
from .checks.places import ROOT

HEAD = '<!doctype html><html lang="en"><head><meta name="description" content="x"></head><body>'


@pytest.fixture
def site(tmp_path):
    """Makes a site of pages: ``site(index="...", a="...")``."""

    def make(**pages):
        for name, body in pages.items():
            folder = tmp_path if name == "index" else tmp_path / name
            folder.mkdir(exist_ok=True)
            (folder / "index.html").write_text(f"{HEAD}{body}</body></html>")
        return tmp_path

    return make


@pytest.mark.parametrize(
    "text",
    [
        ":::warning Careful",
        "The limit is undefined requests",
        "[object Object]",
        "Docusaurus Tutorial - 5min",
        "«backends»",
        "see [this](/start/first-run)",
        f"in {ROOT}/website",
    ],
)
def test_broken_text_is_found(site, text):
    assert built_text.complaints(html_pages(site(index=f"<p>{text}</p>")))


def test_code_is_not_prose(site):
    body = "<p>a</p><pre><code>undefined :::</code></pre><script>undefined</script><p>b</p>"
    assert built_text.complaints(html_pages(site(index=body))) == []


def test_pages_of_the_template_are_found(site):
    assert built_text.leftovers(html_pages(site(index="", intro="", start=""))) == ["/intro/"]


def test_pages_without_title_language_or_description_are_found(site):
    root = site(index="<h1>One</h1>", a="<h1>One</h1><h1>Two</h1>", b="")
    (root / "b/index.html").write_text("<html><body><h1>x</h1></body></html>")
    assert [line.split(":")[0] for line in built_text.malformed(html_pages(root))] == ["/a/", "/b/", "/b/"]


def test_what_comes_from_elsewhere_is_found(site):
    body = '<script src="/a.js"></script><img src="https://example.org/x.png"><a href="https://example.org">x</a>'
    assert built_text.strangers(html_pages(site(index=body))) == ["/: https://example.org/x.png"]


def test_a_page_to_which_nothing_leads_is_found(site):
    root = site(index='<a href="/a/#x">a</a>', a='<a href="../b/">b</a>', b="", c='<a href="/">home</a>')
    assert reachable.unreachable(html_pages(root), ["/a", "/b", "/c"]) == ["/c"]


@pytest.mark.parametrize("link", ["/gone/", "/a/#gone", "/gone.png", "a/gone"])
def test_a_link_that_leads_nowhere_is_found(site, link):
    root = site(index=f'<a href="{link}">x</a>', a='<h2 id="here">x</h2><a href="/a/#here">x</a>')
    with pytest.raises(tools.ToolError, match="gone"):
        link_check.check(root)


def test_links_of_twins_and_of_llms_txt_are_followed(site):
    root = site(index="", a="")
    (root / "llms.txt").write_text("- [a](/a/)\n")
    assert link_check.check(root) == 1
    (root / "llms.txt").write_text("- [a](/lost.md)\n")
    with pytest.raises(tools.ToolError, match=r"lost\.md"):
        link_check.check(root)


def test_a_program_that_is_missing_is_named_with_the_cure():
    with pytest.raises(tools.ToolError, match="no-such-program is not installed; run `make docs`"):
        tools.run("no-such-program", [])
