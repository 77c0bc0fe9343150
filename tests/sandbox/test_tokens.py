"""The count is a rule of its own, not a length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.sandbox.tokens import count_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" \n\t ", 0),
        ("a", 1),
        ("letter", 1),
        ("letters", 2),
        ("123", 1),
        ("1234", 2),
        ("...", 2),
        ("ab12!", 3),
        ("你好", 4),
        ("é", 1),
        ("😀", 2),
    ],
)
def test_each_kind_of_text_has_its_price(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


@given(st.text())
def test_no_text_costs_more_than_its_bytes(text: str) -> None:
    assert count_tokens(text) <= len(text.encode("utf-8", "surrogatepass"))


@given(st.text(), st.text())
def test_more_text_never_costs_less(one: str, other: str) -> None:
    assert count_tokens(one) <= count_tokens(one + other) <= count_tokens(one) + count_tokens(other)


def test_texts_of_one_length_differ_in_price() -> None:
    texts = ["letters and words in a row.", "0.2817,0.9912,0.0041,0.7729", "[{(<>)}]" * 3 + "..."]
    assert {len(text) for text in texts} == {27}
    assert len({count_tokens(text) for text in texts}) == 3
