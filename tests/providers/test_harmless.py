"""What we say and quote must not make MassGen compress or ask again: asked of MassGen's own function."""

from __future__ import annotations

import inspect
import re

import pytest
from massgen.backend import _context_errors
from massgen.backend._context_errors import is_context_length_error

from massgen_plugins.providers.harmless import harmless
from tests.providers.every import refusal_of
from tests.providers.test_refusals import TABLE, body_of

PHRASES = re.findall(r'^ {8}"([^"]+)",$', inspect.getsource(is_context_length_error), re.MULTILINE)
ALIKE = str.maketrans("\N{NO-BREAK SPACE}\N{NON-BREAKING HYPHEN}", " -", "\N{WORD JOINER}")


def test_massgen_reacts_to_words():
    assert len(PHRASES) > 30
    assert is_context_length_error(RuntimeError("Request too large for gpt-4.1 on tokens per min"))
    assert _context_errors.is_context_length_error is is_context_length_error


@pytest.mark.parametrize("phrase", PHRASES)
def test_it_does_not_to_the_same_words_made_harmless(phrase):
    sentence = f"The provider says: it is so: {phrase} of it."
    assert is_context_length_error(RuntimeError(sentence))
    assert not is_context_length_error(RuntimeError(harmless(sentence)))
    assert harmless(sentence).translate(ALIKE).replace(" ", "_") == sentence.replace(" ", "_")


@pytest.mark.parametrize(("name", "row"), TABLE)
def test_no_refusal_of_any_provider_looks_like_a_full_context(name, row):
    asked = row.get("request")
    seen = refusal_of(name, row["status"], body_of(row), row.get("headers"), body=asked)
    for words in (seen.advice, seen.quote, f"{seen.advice} The provider says: {seen.quote}"):
        assert not is_context_length_error(RuntimeError(words))
        assert "rate limit" not in words.lower()
        assert "quota exceeded" not in words.lower()


def test_other_words_stay():
    assert harmless("Please try again in 2 s (prompt, tokens, context).") == (
        "Please try again in 2 s (prompt, tokens, context)."
    )
