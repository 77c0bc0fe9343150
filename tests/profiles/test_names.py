from __future__ import annotations

import pytest

from massgen_plugins.profiles import load_settings
from massgen_plugins.profiles.names import best_match, covers

FLASH = (9, 240_000, 245, 3)
PRO = (2, 120_000, 48, 10)
OTHER = (7, 100_000, 100, 5)


def seed_limits(model: str) -> tuple[int, int, int, int]:
    rules = load_settings(None).rules("gemini", model)
    amounts = {limit.key: limit.amount for limit in rules.limits}
    assert rules.profile == "gemini-seed"
    return (
        amounts["requests/60s"],
        amounts["input_tokens/60s"],
        amounts["requests/America/Los_Angeles"],
        rules.cooldown // 1_000_000_000,
    )


@pytest.mark.parametrize(
    ("model", "limits"),
    [
        ("gemini-1.5-flash", FLASH),
        ("gemini-2.0-flash-001", FLASH),
        ("gemini-2.0-flash-exp", FLASH),
        ("gemini-2.5-flash", FLASH),
        ("gemini-2.5-flash-preview-09-2025", FLASH),
        ("gemini-3-flash-preview", FLASH),
        ("gemini-3.5-flash", FLASH),
        ("gemini-flash-latest", FLASH),
        ("gemini-2.5-pro", PRO),
        ("gemini-2.5-pro-exp-03-25", PRO),
        ("gemini-3-pro-preview", PRO),
        ("gemini-3.1-pro-preview", PRO),
        ("gemini-3.1-pro-preview-customtools", PRO),
        ("gemini-pro-latest", PRO),
        ("gemini-pro", PRO),
        ("gemini-2.5-flash-lite", OTHER),
        ("gemini-2.5-flash-lite-preview-09-2025", OTHER),
        ("gemini-flash-lite-latest", OTHER),
        ("gemini-1.5-flash-8b", OTHER),
        ("gemini-3.1-flash-image-preview", OTHER),
        ("gemini-3-pro-image-preview", OTHER),
        ("gemini-2.0-flash-thinking-exp", OTHER),
        ("gemini-2.5-computer-use-preview-10-2025", OTHER),
        ("gemini-exp-1206", OTHER),
        ("gemma-3-27b-it", OTHER),
        ("", OTHER),
    ],
)
def test_the_seed_covers_whole_families_and_nothing_else(model: str, limits: tuple[int, ...]) -> None:
    assert seed_limits(model) == limits


@pytest.mark.parametrize(
    ("family", "model"),
    [
        ("gemini-2.5-flash", "gemini-2.5-flash-lite"),
        ("gemini-2.5-flash", "gemini-2.5"),
        ("gemini-2.5-flash", "gemini-3.5-flash"),
        ("gemini-*-flash", "gemini-flash"),
        ("gemini-*-flash", "gemini-2.5-preview-flash"),
        ("gemini-*-flash", "my-gemini-2.5-flash"),
        ("gpt-4", "gpt-4o"),
        ("gpt-4", "gpt-4-32k"),
        ("gpt-4", "gpt-4-٣"),
    ],
)
def test_a_family_stops_where_the_name_says_more_than_a_version(family: str, model: str) -> None:
    assert not covers(family, model)


def test_the_closest_name_wins() -> None:
    names = ["gemini-*-flash", "gemini-2.5-flash", "gemini-2.5-flash-preview", "gemini-pro"]
    assert best_match(names, "gemini-3-flash", {}) == "gemini-*-flash"
    assert best_match(names, "gemini-2.5-flash-001", {}) == "gemini-2.5-flash"
    assert best_match(names, "gemini-2.5-flash-preview-09-2025", {}) == "gemini-2.5-flash-preview"
    assert best_match(names, "gemma", {}) is None


def test_an_exact_name_is_stronger_than_an_alias_and_an_alias_than_a_family() -> None:
    aliases = {"gemini-2.5-flash-latest": "gemini-pro", "gemini-2.5-flash": "gemini-pro"}
    names = ["gemini-2.5-flash", "gemini-pro"]
    assert best_match(names, "gemini-2.5-flash", aliases) == "gemini-2.5-flash"
    assert best_match(names, "gemini-2.5-flash-latest", aliases) == "gemini-pro"


def test_an_alias_that_leads_nowhere_leaves_the_family() -> None:
    assert best_match(["a"], "a-1", {"a-1": "b"}) == "a"
