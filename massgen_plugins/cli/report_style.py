"""The style sheet of a report, for light and dark, wide and narrow."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root { --paper: #ffffff; --ink: #1c2430; --soft: #56606f; --track: #eef1f5; --edge: #c5ccd6;
  --answered: #1f6fb2; --refused: #b3261e; --failed: #9a5b00; --away: #6b3fa0; --wait: #8a94a3;
  --cap: #b3261e }
@media (prefers-color-scheme: dark) { :root { --paper: #14181f; --ink: #e7ebf1; --soft: #a6b0be;
  --track: #222934; --edge: #3c4655; --answered: #5aa9e6; --refused: #ff8a80; --failed: #f0b254;
  --away: #c39bf0; --wait: #7d8898; --cap: #ff8a80 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 1200px; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem }
h3 { font-size: .95rem; margin: .6rem 0 .15rem; overflow-wrap: anywhere }
p { margin: .2rem 0; overflow-wrap: anywhere }
small, footer, dt { color: var(--soft); font-weight: normal }
small { font-size: .85rem }
footer { margin-top: 2rem; font-size: .85rem }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .8rem;
  margin: 1rem 0 }
.facts div { border-top: 2px solid var(--edge); padding-top: .3rem }
dt { font-size: .85rem }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; margin: 0;
  padding: 0; font-size: .9rem }
.legend .bar { position: static; display: inline-block; width: 1.6rem; height: 1rem;
  margin-right: .4rem; vertical-align: -.15rem }
.track { position: relative; height: calc(var(--rows) * 1.6rem); background: var(--track); border-radius: 3px;
  overflow: hidden }
.bar { position: absolute; top: calc(var(--row, 0) * 1.6rem); height: 1.5rem; min-width: 3px;
  border-radius: 2px;
  color: var(--paper); font: bold .8rem/1.5rem system-ui, sans-serif; text-align: center;
  overflow: hidden }
.legend .bar { line-height: 1rem }
.wait { background: repeating-linear-gradient(135deg, var(--wait) 0 3px, transparent 3px 7px);
  border: 1px solid var(--wait) }
.answered { background: var(--answered) }
.refused { background: var(--refused); z-index: 1; min-width: 14px }
.failed { background: var(--failed); min-width: 14px }
.away { background: var(--away); min-width: 14px }
.axis { position: relative; height: 1.6rem; margin-top: .3rem; border-top: 1px solid var(--edge);
  font-size: .8rem; color: var(--soft); font-variant-numeric: tabular-nums }
.axis span { position: absolute; top: .2rem; padding-left: .2rem; border-left: 1px solid var(--edge) }
svg { display: block; width: 100%; height: 5rem; background: var(--track); border-radius: 3px }
.use { fill: var(--answered); opacity: .75 }
.cap { stroke: var(--cap); stroke-width: 2; stroke-dasharray: 8 5; vector-effect: non-scaling-stroke }
details { margin-top: 2rem }
summary { cursor: pointer; padding: .4rem 0 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--edge);
  white-space: nowrap }
@media print { .track, svg, .bar { print-color-adjust: exact }
}
"""
