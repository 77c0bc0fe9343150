"""Our advice must not make MassGen retry or compress: asked of MassGen's own functions."""

from __future__ import annotations

import pytest
from massgen.backend._context_errors import is_context_length_error
from massgen.backend.gemini import _is_retryable_gemini_error

from massgen_plugins.providers.gemini import advice

STATUSES = {408, 429, 500, 502, 503, 504}
WORDS_TO_AVOID = (
    """
    429,503,413,rate limit,quota exceeded,too many requests,resource exhausted,resource has been exhausted
    resource_exhausted,request too large,token budget,token limit,maximum tokens,too many tokens
""".strip()
    .replace("\n    ", ",")
    .split(",")
)
SENTENCES = [getattr(advice, name) for name in advice.__all__]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_massgen_takes_no_advice_for_an_error_to_retry_or_a_full_context(sentence):
    error = RuntimeError(sentence)
    assert _is_retryable_gemini_error(error, STATUSES)[0] is False
    assert is_context_length_error(error) is False


@pytest.mark.parametrize("sentence", SENTENCES)
def test_advice_has_none_of_the_words_that_any_version_of_massgen_reacts_to(sentence):
    assert [words for words in WORDS_TO_AVOID if words in sentence.lower()] == []


def test_massgen_does_react_to_the_words_that_we_avoid():
    assert _is_retryable_gemini_error(RuntimeError("a rate limit"), STATUSES)[0] is True
    assert is_context_length_error(RuntimeError("a token limit")) is True
