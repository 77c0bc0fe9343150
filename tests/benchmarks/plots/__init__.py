"""Small SVG plots, readable on light and on dark pages. Written by hand: a plotting library weighs 50 MB."""
