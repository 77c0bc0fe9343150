"""Whether a reader who begins at home can come to every page by following links."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urldefrag, urljoin

from .html_pages import HtmlPage


def unreachable(pages: Iterable[HtmlPage], wanted: Iterable[str], start: str = "/") -> list[str]:
    """Those of the wanted addresses to which no chain of links leads."""
    links = {page.url: page.links for page in pages}
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for link in links.get(here, ()):
            there = urldefrag(urljoin(here, link)).url
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    return sorted(url for url in wanted if url not in seen and f"{url}/" not in seen)
