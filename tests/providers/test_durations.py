"""Lengths of time as providers write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.providers.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("26s", 26),
        ("0s", 0),
        ("20h3m13.257628674s", 72_193.257628674),
        ("7m55.957153112s", 475.957153112),
        ("997.965142ms", 0.997965142),
        ("6m0s", 360),
        ("120ms", 0.12),
        ("15\u00b5s", 15e-6),
        ("15us", 15e-6),
        ("30", 30),
        (" 1.5 ", 1.5),
    ],
)
def test_a_length_of_time_is_read_as_seconds(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "s", "-1s", "1x", "1e9", "nan", "inf", "1s ago", "Wed, 21 Oct 2026", "9" * 400]
)
def test_anything_else_is_none(text):
    assert parse_duration(text) is None


@given(st.text())
def test_any_text_gives_finite_seconds_or_none(text):
    seconds = parse_duration(text)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
