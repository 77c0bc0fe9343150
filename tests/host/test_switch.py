"""Who is limited: environment over flag over YAML."""

from __future__ import annotations

import os

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.host.switch import INHERITED, decide, environment_switch, keep_flag, yaml_switch


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("1", True), ("true", True), (" ON ", True), ("0", False), ("no", False), ("", None), ("  ", None)],
)
def test_the_environment_speaks_plainly(monkeypatch, value, meaning):
    monkeypatch.setenv("MASSGEN_RATE_LIMIT", value)
    assert environment_switch() is meaning


def test_another_word_in_the_environment_is_an_error_that_names_it(monkeypatch):
    monkeypatch.setenv("MASSGEN_RATE_LIMIT", "perhaps")
    with pytest.raises(ConfigurationError, match="MASSGEN_RATE_LIMIT is 'perhaps'; set it to 1 or 0"):
        environment_switch()


@pytest.mark.parametrize(
    ("value", "meaning"), [(True, True), (False, False), (None, None), ({INHERITED: {}}, True)]
)
def test_a_yaml_switch_is_a_boolean_or_a_parents_legacy(value, meaning):
    assert yaml_switch(value, "a0") is meaning


@pytest.mark.parametrize("value", ["false", "true", "${LIMIT}", 1, 0, [], {}, {"rpm": 3}])
def test_another_value_is_an_error_that_names_the_agent(value):
    with pytest.raises(ConfigurationError, match=r"Agent a0: backend\.enable_rate_limit is .*without quotes"):
        yaml_switch(value, "a0")


@pytest.mark.parametrize(
    ("yaml", "environment", "limited"),
    [(None, None, False), (True, None, True), (False, None, False), (True, False, False), (None, True, True)],
)
def test_the_environment_wins(yaml, environment, limited):
    assert decide(yaml, environment) is limited


def test_the_flag_stays_for_later_calls_that_lose_it_and_for_children(monkeypatch):
    keep_flag(passed=True)
    keep_flag(passed=False)
    assert environment_switch() is True
    assert os.environ["MASSGEN_RATE_LIMIT"] == "1"


def test_the_flag_does_not_overrule_the_environment(monkeypatch):
    monkeypatch.setenv("MASSGEN_RATE_LIMIT", "0")
    keep_flag(passed=True)
    assert environment_switch() is False


@pytest.mark.parametrize(
    ("argv", "seen"),
    [
        (["/usr/bin/massgen", "--web", "--rate-limit"], True),
        (["/usr/bin/massgen", "--web"], False),
        (["massgen.exe", "--rate-limit"], True),
        (["/usr/bin/massgen", "--", "--rate-limit"], False),
        (["/site-packages/massgen/cli.py", "--rate-limit"], True),
        (["/home/me/crawler.py", "--rate-limit"], False),
        (["", "--rate-limit"], False),
        ([], False),
    ],
)
def test_the_flag_is_found_on_massgens_own_command_line(monkeypatch, argv, seen):
    monkeypatch.setattr("sys.argv", argv)
    keep_flag(passed=False)
    assert environment_switch() is (True if seen else None)
