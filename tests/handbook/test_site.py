"""The site as readers get it: it builds, nothing in it is broken, and every page can be reached."""

from __future__ import annotations

import json
import re

import pytest

from .checks import built_text, link_check, reachable
from .checks.building import build, build_into
from .checks.html_pages import html_pages
from .checks.pages import page_paths, read_page

pytestmark = pytest.mark.site


@pytest.fixture(scope="session")
def site():
    return build()


@pytest.fixture(scope="session")
def built(site):
    return html_pages(site)


def test_every_page_is_built(built):
    urls = {page.url.rstrip("/") for page in built}
    assert [url for path in page_paths() if (url := read_page(path).url) not in urls] == []


def test_no_page_shows_what_is_broken_or_nobodys_business(built):
    assert built_text.complaints(built) == []


def test_nothing_of_the_template_is_left(built):
    assert built_text.leftovers(built) == []


def test_every_page_has_one_title_a_language_and_a_description(built):
    assert built_text.malformed(built) == []


def test_no_page_loads_anything_from_elsewhere(built):
    assert built_text.strangers(built) == []


def test_every_page_can_be_reached_from_home(built):
    wanted = [read_page(path).url for path in page_paths()]
    assert reachable.unreachable(built, wanted) == []


def test_the_search_knows_every_page_and_leads_to_anchors_that_are_there(site):
    index = json.loads((site / "search.json").read_text(encoding="utf-8"))
    urls = [page[0] for page in index["pages"]]
    assert sorted(url.rstrip("/") for url in urls) == sorted(read_page(path).url for path in page_paths())
    html = [(site / url.strip("/") / "index.html").read_text(encoding="utf-8") for url in urls]
    anchors = [(page, anchor) for page, anchor, *_ in index["sections"]]
    assert len(anchors) > 5 * len(urls)
    assert not [
        f"{urls[page]}#{anchor}"
        for page, anchor in anchors
        if f"id={anchor}" not in html[page] and f'id="{anchor}"' not in html[page]
    ]


def test_every_link_leads_somewhere(site, built):
    assert link_check.check(site) > len(built)


def test_every_link_leads_somewhere_when_the_site_is_served_below_a_path(tmp_path, built):
    site = build_into(tmp_path / "Handbook", base="/Handbook/")
    assert link_check.check(site, root=tmp_path) > len(built)


def test_former_addresses_send_their_visitors_on(site):
    pages = [read_page(path) for path in page_paths()]
    old = {alias: page.url for page in pages for alias in page.front_matter.get("aliases") or ()}
    assert old
    for alias, url in old.items():
        html = (site / alias.strip("/") / "index.html").read_text(encoding="utf-8")
        assert re.search(rf'http-equiv="refresh" content="0; url={url}/?"', html), alias


def test_every_page_has_a_twin_in_markdown_and_llms_txt_names_it(site):
    index = (site / "llms.txt").read_text(encoding="utf-8")
    whole = (site / "llms-full.txt").read_text(encoding="utf-8")
    for path in page_paths():
        page = read_page(path)
        assert (site / f"{page.url.strip('/')}.md").is_file(), page.url
        assert f"{page.url}.md" in index, page.url
        assert f"# {page.front_matter['title']}" in whole, page.url
