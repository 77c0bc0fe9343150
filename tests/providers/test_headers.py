"""Numbers, lengths of time and moments, in every encoding that a provider was seen to use."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.providers.headers import (
    clock_of,
    parse_count,
    parse_duration,
    parse_moment,
    parse_number,
    retry_after,
    seconds_until,
)

NOW = 1_796_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("26s", 26),
        ("1s", 1),
        ("6m0s", 360),
        ("1m26.4s", 86.4),
        ("20ms", 0.02),
        ("534ms", 0.534),
        ("2m59.56s", 179.56),
        ("7.66s", 7.66),
        ("6m 11.52s", 371.52),
        ("1h 2m 3s", 3_723),
        ("20h3m13.257628674s", 72_193.257628674),
        ("2d", 172_800),
        ("120us", 0.00012),
        ("15\u00b5s", 15e-6),
        ("997.965142ms", 0.997965142),
        ("42", 42),
        ("42.5", 42.5),
        ("0", 0),
        (" 7s ", 7),
    ],
)
def test_lengths_of_time(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "-1", "-3s", "1 fortnight", "s", "1s2", "inf", "nan", "1e3", "1s ago", "9" * 99]
)
def test_what_is_no_length_of_time(text):
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("30000", 30_000),
        ("30,000", 30_000),
        ("1,234,567", 1_234_567),
        ("-1", -1),
        ("-4,096", -4_096),
        ("6.0", 6),
        ("0", 0),
        ("100, 100;w=60", 100),
        ("50;w=1", 50),
    ],
)
def test_counts(text, count):
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "many", "1,2", "0x10", "1_000", "--1", "9" * 40])
def test_what_is_no_count(text):
    assert parse_count(text) is None


def test_fractions_of_requests():
    assert parse_number("0.6") == 0.6


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-30T00:54:20Z", NOW + 60),
        ("2026-11-30T00:54:20.123Z", NOW + 60),
        ("2026-11-30T01:54:20+01:00", NOW + 60),
        ("2026-11-29T19:54:20-05:00", NOW + 60),
        ("2026-11-30 00:54:20", NOW + 60),
        ("2026-12-01 at 00:00 UTC", 1_796_083_200),
        ("Mon, 30 Nov 2026 00:54:20 GMT", NOW + 60),
        ("1796000060", NOW + 60),
        ("1796000060.5", NOW + 60.5),
        ("1796000060000", NOW + 60),
    ],
)
def test_moments(text, moment):
    assert parse_moment(text) == pytest.approx(moment)
    assert seconds_until(text, NOW) == pytest.approx(moment - NOW)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01T00:00:00Z", "2026-11-30T25:00:00Z", "12", "Mon, 99 Nov"]
)
def test_what_is_no_moment(text):
    assert parse_moment(text) is None


def test_a_moment_that_has_passed_is_now():
    assert seconds_until("2026-11-29T00:00:00Z", NOW) == 0


def test_unknown_is_not_zero():
    assert seconds_until("-1", NOW) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "90"}, 90),
        ({"retry-after": "Mon, 30 Nov 2026 00:54:10 GMT"}, 50),
        ({"retry-after": "2026-11-30T00:54:20Z"}, 60),
        ({"retry-after": "1", "retry-after-ms": "534"}, 0.534),
        ({"retry-after": "60", "retry-after-ms": "534"}, 60),
        ({"retry-after-ms": "1200"}, 1.2),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_when_to_come_again(headers, seconds):
    assert retry_after(headers, NOW) == seconds


def test_the_providers_clock():
    assert clock_of({"date": "Mon, 30 Nov 2026 00:53:20 GMT"}) == NOW
    assert clock_of({}) is None


@given(st.text())
def test_no_text_does_harm(text):
    for value in (parse_duration(text), parse_moment(text), parse_number(text), seconds_until(text, NOW)):
        assert value is None or math.isfinite(value)
    assert parse_count(text) is None or isinstance(parse_count(text), int)


@given(st.floats(min_value=0, max_value=1e6), st.sampled_from(["", "s"]))
def test_seconds_come_back_as_written(seconds, unit):
    assert parse_duration(f"{seconds:.6f}{unit}") == pytest.approx(seconds, abs=1e-6)


@given(st.integers(min_value=0, max_value=10**9), st.integers(min_value=0, max_value=59))
def test_a_duration_is_the_sum_of_its_parts(minutes, seconds):
    assert (
        parse_duration(f"{minutes}m{seconds}s")
        == parse_duration(f"{minutes}m {seconds}s")
        == 60 * minutes + seconds
    )
