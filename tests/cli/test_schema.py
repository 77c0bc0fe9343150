"""``massgen-rl schema``: what editors get."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("name", ["rate_limit", "team", "profile"])
def test_each_is_printed_as_json(rl, name):
    assert rl("schema", name).document["title"] == f"massgen-plugins: {name}"


def test_without_a_name_it_is_that_of_settings(rl):
    assert rl("schema").document == rl("schema", "rate_limit").document


def test_an_unknown_name_gets_a_suggestion(rl):
    ran = rl("schema", "profil")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean 'profile'?" in ran.err
