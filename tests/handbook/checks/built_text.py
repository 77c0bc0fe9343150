"""What no built page may show: leftovers of templates and of broken code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .html_pages import HtmlPage
from .source_text import FORBIDDEN

_BROKEN: Mapping[str, str] = {
    r":::": "an admonition that was not understood",
    r"\bundefined\b": "a value that was never given",
    r"\[object Object\]": "an object in place of a text",
    r"\bNaN\b": "a number that is none",
    r"My Site|Docusaurus Tutorial|Dinosaurs are cool|Hello world|Lorem ipsum": "a leftover of a template",
    r"«\w+»": "a fact that is not in facts.json",
    r"\]\(/": "a link that was not understood",
    r"\{/\*|\*/\}": "a comment that was not understood",
}
_TEMPLATE_FILES = (
    "intro",
    "tutorial-basics",
    "tutorial-extras",
    "blog",
    "markdown-page",
    "img/undraw_docusaurus",
)
_REDIRECT = "http-equiv"


def complaints(pages: Iterable[HtmlPage]) -> list[str]:
    """One line for each place."""
    return [
        f"{page.url}: {what}: ...{_around(page.prose, match)}..."
        for page in pages
        for pattern, what in {**_BROKEN, **FORBIDDEN}.items()
        if (match := re.search(pattern, page.prose))
    ]


def leftovers(pages: Iterable[HtmlPage]) -> list[str]:
    """Pages of the template that the site was made of."""
    return [page.url for page in pages if page.url.strip("/").startswith(_TEMPLATE_FILES)]


def malformed(pages: Iterable[HtmlPage]) -> list[str]:
    """Pages without what readers, search engines and screen readers need."""
    found = []
    for page in pages:
        if _is_redirect(page):
            continue
        if len(page.titles) != 1 or not page.titles[0].strip():
            found.append(f"{page.url}: {len(page.titles)} headings of the first level: {page.titles}")
        if page.attributes.get("lang") != "en":
            found.append(f"{page.url}: no language")
        if not page.attributes.get("description") and not page.url.startswith(("/404", "/search")):
            found.append(f"{page.url}: no description")
    return found


def strangers(pages: Iterable[HtmlPage]) -> list[str]:
    """What a page would fetch from another origin."""
    return [f"{page.url}: {load}" for page in pages for load in page.loads if re.match(r"(https?:)?//", load)]


def _is_redirect(page: HtmlPage) -> bool:
    return _REDIRECT in page.path.read_text(encoding="utf-8")[:600]


def _around(text: str, match: re.Match[str]) -> str:
    return " ".join(text[max(match.start() - 40, 0) : match.end() + 40].split())
