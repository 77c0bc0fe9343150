"""Builds a self-contained HTML page with tables and charts; everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from massgen_plugins.cli.output import clean

__all__ = ["bars", "columns", "escaped", "page", "table"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --dim: #60646c; --line: #d9d9e0; --ground: #fff;
  --bar: #3e63dd; --card: #f9f9fb; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --dim: #b0b4ba; --line: #363a3f;
  --ground: #111113; --bar: #849dff; --card: #18191b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1rem 4rem;
  background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0; } .dim, caption, th { color: var(--dim); font-weight: 400; }
.facts { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0; padding: 0; list-style: none; }
.facts li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; flex: 1 1 9rem; }
.facts b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.bars { display: grid; grid-template-columns: minmax(6rem, 16rem) 1fr max-content; gap: .35rem .75rem;
  align-items: center; grid-auto-flow: row dense; }
.bars span { overflow-wrap: anywhere; grid-column: 1; } .bars b { grid-column: 3; }
.bars svg { width: 100%; height: .9rem; display: block; grid-column: 2; }
.bars b, td.n { font-weight: 400; font-variant-numeric: tabular-nums; text-align: right; }
rect.bar { fill: var(--bar); }
.over { border-bottom: 1px solid var(--line); } .over svg { width: 100%; height: 12rem; display: block; }
.ends { display: flex; justify-content: space-between; color: var(--dim); font-size: .85rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem 1.25rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; white-space: nowrap; } th.n { text-align: right; }
@media (max-width: 600px) { .bars { grid-template-columns: 1fr max-content; }
  .bars b { grid-column: 2; } .bars svg { grid-column: 1 / -1; margin-bottom: .4rem; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def escaped(words: str) -> str:
    """Escape untrusted text for HTML; control characters are spelled out."""
    return escape(clean(words))


def page(title: str, body: Iterable[str]) -> str:
    """A complete HTML document.

    Args:
        title: The title, as plain text.
        body: Pieces of HTML in order.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def bars(rows: Sequence[tuple[str, float, str]]) -> str:
    """A horizontal bar chart; each row has name, value and displayed value."""
    most = max((value for _, value, _ in rows), default=0) or 1
    pieces = (
        f"<span>{escaped(name)}</span><b>{escaped(shown)}</b>"
        f'<svg role="img" aria-label="{escaped(shown)}">'
        f'<rect class="bar" width="{100 * value / most:.2f}%" height="100%" rx="2"/></svg>'
        for name, value, shown in rows
    )
    return f'<div class="bars">{"".join(pieces)}</div>'


def columns(rows: Sequence[tuple[str, float, str]], label: str) -> str:
    """A column chart; labels only the first and the last column, and the highest value."""
    if not rows:
        return ""
    most = max(rows, key=lambda row: row[1])
    pieces = (
        f'<rect class="bar" x="{number + 0.1}" width="0.8" y="{100 - 96 * value / (most[1] or 1):.2f}" '
        f'height="{96 * value / (most[1] or 1):.2f}"><title>{escaped(f"{name}: {shown}")}</title></rect>'
        for number, (name, value, shown) in enumerate(rows)
    )
    return (
        f'<p class="dim">At most {escaped(most[2])}: {escaped(most[0])}</p><div class="over">'
        f'<svg viewBox="0 0 {len(rows)} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{escaped(label)}">'
        f'{"".join(pieces)}</svg></div><div class="ends"><span>{escaped(rows[0][0])}</span>'
        f"<span>{escaped(rows[-1][0])}</span></div>"
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    """A table; ``numbers`` are the indexes of right-aligned columns."""
    right = set(numbers)

    def cells(kind: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{kind}{' class=n' if place in right else ''}>{escaped(cell)}</{kind}>"
            for place, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{cells("th", headings)}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )
