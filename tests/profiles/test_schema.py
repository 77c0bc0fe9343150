"""The JSON schemas for editors say what the models say: of every right file yes, of every wrong one no."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import massgen_plugins
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import document_of
from massgen_plugins.profiles.layers import read_layer
from massgen_plugins.profiles.profile import read_profiles
from massgen_plugins.profiles.schema import SCHEMAS, json_schema
from massgen_plugins.profiles.strict_yaml import load_yaml

ROOT = Path(massgen_plugins.__file__).parent.parent
README = (ROOT / "README.md").read_text()
SNIPPETS = [text for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "rate_limit:" in text]
RIGHT = [
    {},
    {"profile": "gemini-tier1"},
    {"profile": {"gemini": "gemini-tier1", "openai": "openai-tier1"}, "disabled": ["gemini-seed"]},
    {"account": "my-project"},
    {"account": {"gemini": "a", "*": "b"}},
    {"store": "/var/lib/quota.sqlite3"},
    {"store": "rediss://host:6380/1", "allow_stores": ["redis://host:6379"]},
    {"cooldown_mode": "off", "max_wait": 0.5, "wait_for_day": True, "safety_margin": 0.1, "inherit": False},
    {"models": {"gemini-*-flash": {"rpm": 5, "tpm": None}, "*account": {"usd_per_day": 2.5, "rpd": "none"}}},
    {"models": {"m": {"limits": [{"kind": "requests", "amount": 5, "window": "bucket:10s"}]}}},
    {
        "define": [
            {"provider": "x", "profiles": {"mine": {"fallback": "learned", "models": {"m": {"rpm": 1}}}}}
        ]
    },
    {"rate_limit": {"max_wait": 5}},
]
WRONG = [
    [],
    7,
    {"max_weight": 5},
    {"max_wait": "5"},
    {"max_wait": -1},
    {"max_wait": 90_000},
    {"safety_margin": 1},
    {"wait_for_day": "yes"},
    {"cooldown_mode": "sometimes"},
    {"store": "quota.sqlite3"},
    {"account": "two words"},
    {"disabled": "gemini-seed"},
    {"profile": 7},
    {"models": {"m": {"rmp": 5}}},
    {"models": {"m": {"rpm": "5"}}},
    {"models": {"m": {"rpm": 5.5}}},
    {"models": {"m": {}}},
    {"models": {"two words": {"rpm": 5}}},
    {"models": {"m": {"limits": [{"kind": "requests", "amount": 5}]}}},
    {"models": {"m": {"limits": [{"kind": "wishes", "amount": 5, "window": "60s"}]}}},
    {"models": {"m": {"limits": [{"kind": "requests", "amount": 5, "window": "a minute"}]}}},
    {"define": [{"profiles": {}}]},
    {"rate_limit": {"max_weight": 5}},
    {"rate_limit": {}, "max_wait": 5},
]
WRONG_PROFILES = [
    {},
    {"provider": "x"},
    {"provider": "X", "profiles": {}},
    {"provider": "x", "profiles": {"A": {}}},
    {"provider": "x", "tpm_counts": "words", "profiles": {}},
    {"provider": "x", "profiles": {"a": {"date": "yesterday"}}},
    {"provider": "x", "profiles": {"a": {"models": {"m": {"tpm": "none"}}}}},
    {"provider": "x", "profiles": {"a": {"window": "wide"}}},
    {"provider": "x", "profiles": {"a": {"default": 1}}},
    {"provider": "x", "profiles": {"a": {"pools": {"p": {"models": ["m"]}}}}},
]


def fits(name: str, value: Any) -> bool:
    return Draft202012Validator(json_schema(name)).is_valid(value)


def is_read(value: Any) -> bool:
    try:
        read_layer(document_of(value, "a file"), "user")
    except ConfigurationError:
        return False
    return True


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(json_schema(name))


@pytest.mark.parametrize("value", RIGHT, ids=str)
def test_what_is_read_fits(value: Any) -> None:
    assert is_read(value)
    assert fits("rate_limit", value)


@pytest.mark.parametrize("value", WRONG, ids=str)
def test_what_is_refused_does_not_fit(value: Any) -> None:
    assert not is_read(value)
    assert not fits("rate_limit", value)


@pytest.mark.parametrize("path", sorted((ROOT / "plugin_configs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_profile_fits(path: Path) -> None:
    assert fits("profile", load_yaml(path).value)


@pytest.mark.parametrize("value", WRONG_PROFILES, ids=str)
def test_a_wrong_profile_file_does_not_fit(value: Any) -> None:
    with pytest.raises(ConfigurationError):
        read_profiles(document_of(value, "a file"))
    assert not fits("profile", value)


@pytest.mark.parametrize("text", SNIPPETS)
def test_readmes_snippets_fit_where_they_are_said_to(text: str) -> None:
    value = yaml.safe_load(text)
    assert fits("team", value)
    if [*value] == ["rate_limit"]:
        assert fits("rate_limit", value)
        assert is_read(value)


def test_there_are_such_snippets() -> None:
    assert SNIPPETS


def test_a_team_may_have_any_other_key_and_a_wrong_block_is_found() -> None:
    assert fits("team", {"agents": [{"id": "a"}], "rate_limit": {"max_wait": 5}})
    assert not fits("team", {"agents": [], "rate_limit": {"max_weight": 5}})


def test_keys_are_explained() -> None:
    properties = json_schema("rate_limit")["$defs"]["Settings"]["properties"]
    assert "refused at once" in properties["max_wait"]["description"]
    assert "limits" in properties["models"]["description"].lower()
    assert not any(":class:" in str(each) or "``" in str(each) for each in properties.values())
