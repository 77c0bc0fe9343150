"""Built pages: their visible text, their links, and what they load."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

_SILENT = frozenset({"script", "style", "noscript", "template"})
_CODE = frozenset({"code", "pre", "kbd", "samp"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_LOADS = {"script": "src", "img": "src", "source": "src", "iframe": "src", "video": "src", "audio": "src"}


@dataclass
class HtmlPage:
    """A built page.

    Attributes:
        path: Its file.
        url: From the site's root.
        prose: What a reader sees, code left out.
        links: Targets of links.
        loads: What the browser fetches by itself: scripts, styles, pictures.
        titles: Texts of ``h1``.
        attributes: Of ``html``, and of ``meta`` by name.
    """

    path: Path
    url: str
    prose: str = ""
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, page: HtmlPage) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "h1":
            self.page.titles.append("")
        if tag == "html":
            self.page.attributes["lang"] = given.get("lang", "")
        if tag == "meta" and "name" in given:
            self.page.attributes[given["name"]] = given.get("content", "")
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        self._loads(tag, given)

    def _loads(self, tag: str, given: dict[str, str]) -> None:
        if tag in _LOADS and _LOADS[tag] in given:
            self.page.loads.append(given[_LOADS[tag]])
        if tag == "link" and given.get("rel") not in ("canonical", "alternate", "search"):
            self.page.loads.append(given.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open and self.open.pop() != tag:
                pass
        self.text.append("\n" if tag in ("p", "li", "h1", "h2", "h3", "h4", "div", "td", "th") else "")

    def handle_data(self, data: str) -> None:
        if "h1" in self.open:
            self.page.titles[-1] += data
        if not _SILENT & set(self.open):
            self.text.append(data if not _CODE & set(self.open) else "`code`")


@cache
def html_pages(build: Path) -> tuple[HtmlPage, ...]:
    """All pages of a built site."""
    return tuple(_read(build, path) for path in sorted(build.rglob("*.html")))


def _read(build: Path, path: Path) -> HtmlPage:
    relative = path.relative_to(build).as_posix()
    page = HtmlPage(path, "/" + relative.removesuffix("index.html"))
    reader = _Reader(page)
    reader.feed(path.read_text(encoding="utf-8"))
    page.prose = "".join(reader.text)
    return page
