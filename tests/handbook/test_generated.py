"""The reference pages are what the generator makes of the installed MassGen, and what they say is true."""

from __future__ import annotations

import json
import re
import warnings

import pytest

from website.generate import notes
from website.generate.files import differing, generated
from website.generate.pages import PAGES
from website.generate.places import FACTS, REPOSITORY
from website.generate.reading.backends import read_backends
from website.generate.reading.comments import argument_texts
from website.generate.reading.config_keys import read_orchestrator
from website.generate.reading.distribution import massgen_directory, massgen_version
from website.generate.reading.examples import read_examples
from website.generate.reading.host import massgen_module
from website.generate.reading.validator import verdict, words_allowed
from website.generate.release.changes import changes_text

pytestmark = pytest.mark.filterwarnings("ignore")  # MassGen's imports warn of other packages' code


@pytest.fixture(scope="module")
def texts():
    """Everything that is generated, by path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {path.relative_to(REPOSITORY).as_posix(): text for path, text in generated()}


@pytest.fixture(scope="module")
def examples():
    return read_examples(massgen_directory())


def test_every_generated_file_is_what_the_generator_writes():
    assert differing() == []


def test_generating_twice_gives_the_same(texts):
    assert {path: text for path, text in texts.items() if path.endswith(".mdx")} == {
        f"website/docs/{path}": render() for path, render in PAGES.items()
    }


def test_no_page_names_this_machine(texts):
    for path, text in texts.items():
        assert str(REPOSITORY) not in text, path
        assert not re.search(r"/(?:home|Users)/\w+/|site-packages", text), path


def test_nothing_is_left_unsorted_or_undescribed(texts):
    for path, text in texts.items():
        for sign in (
            "Not sorted yet",
            "Not described yet",
            "New in this version",
            "source says nothing of it",
        ):
            assert sign not in text, f"{path}: {sign}"


def test_facts_hold_numbers_and_words(texts):
    facts = json.loads(texts[FACTS.relative_to(REPOSITORY).as_posix()])
    assert facts["massgen_version"] == massgen_version()
    assert all(isinstance(value, int | str) and not isinstance(value, bool) for value in facts.values())


def test_a_note_about_something_that_is_gone_is_an_error():
    with pytest.raises(notes.StaleNote, match=r"notes/flags\.toml speaks of what is not there: --gone"):
        notes.require_known("flags", ["--config", "--gone"], ["--config"])


def test_what_no_group_names_is_shown_in_a_group_of_its_own():
    grouped = notes.groups_of("x", [{"title": "A", "members": ["one"]}], ["one", "two"])
    assert [(group["title"], members) for group, members in grouped] == [
        ("A", ["one"]),
        ("Not sorted yet", ["two"]),
    ]


def test_docstrings_are_read_by_argument():
    arguments = "    one: The first,\n        on two lines.\n    two (int): The second.\n"
    text = f"Do.\n\nArgs:\n{arguments}\nReturns:\n    None"
    assert argument_texts(text) == {"one": "The first, on two lines.", "two": "The second."}


def test_the_validator_is_asked_what_it_allows():
    assert words_allowed("orchestrator", "coordination_mode") == ("voting", "decomposition")
    assert words_allowed("orchestrator", "coordination", "plan_depth") == (
        "dynamic",
        "shallow",
        "medium",
        "deep",
    )
    assert verdict("timeout_settings", "orchestrator_timeout_seconds") == ("positive number or null",)
    assert verdict("orchestrator", "snapshot_storage") == ()


# --- what a new version changes for readers

OLD = {
    "version": "1.0",
    "python": "3.11",
    "extras": ["all"],
    "backends": {
        "openai": {"models": ["a", "b"], "default": "a", "can be run": True},
        "old": {"models": [], "default": "", "can be run": True},
    },
    "options": {"massgen --web-port": {"takes": "whole number", "default": "8000", "choices": []}},
    "keys": {"orchestrator.x": {"type": "text", "default": "", "allowed": ["one"]}},
    "environment": ["A"],
    "exit_codes": {"EXIT_TIMEOUT": 3},
    "status_fields": ["meta"],
    "examples": ["a.yaml"],
}


def changed(**topics):
    """The text about a version that differs in these topics."""
    return changes_text(OLD, {**OLD, "version": "1.1", **topics})


def test_a_version_without_changes_says_so():
    assert changed() == ("# From MassGen 1.0 to 1.1\n\nNothing that the reference pages show has changed.\n")


def test_new_and_removed_things_are_named():
    text = changed(environment=["B"], examples=["a.yaml", "b.yaml"], python="3.12")
    assert "Needs Python 3.12 or newer (before: 3.11)." in text
    assert "## Environment variables\n\n* New: `B`.\n* Gone: `A`." in text
    assert "## Shipped examples\n\n* New: `b.yaml`." in text


def test_models_defaults_and_words_that_changed_are_named():
    openai = {"models": ["b", "c"], "default": "c", "can be run": False}
    text = changed(backends={"openai": openai}, exit_codes={"EXIT_TIMEOUT": 5})
    assert "* Gone: `old`." in text
    for words in (
        "models: new: `c`",
        "models: gone: `a`",
        "default was `a`, is `c`",
        "can be run was true, is false",
    ):
        assert words in text
    assert "* `EXIT_TIMEOUT`: was `3`, is `5`." in text


def test_an_option_that_lost_its_default_is_named():
    option = {"takes": "whole number", "default": "", "choices": []}
    text = changed(options={"massgen --web-port": option})
    assert text.endswith("* `massgen --web-port`: default was `8000`, is nothing.\n")


def test_many_new_names_are_counted_after_the_first_twelve():
    text = changed(environment=["A", *(f"V{number:02}" for number in range(15))])
    assert "`V11` and 3 more." in text


# --- what the pages say of MassGen


def test_the_name_of_every_example_finds_its_file(examples):
    resolve = massgen_module("cli.config_loading").resolve_config_path
    root = massgen_directory() / "configs"
    assert {example.name: resolve(f"@examples/{example.name}") for example in examples} == {
        example.name: root / example.path for example in examples
    }


def test_no_name_that_list_examples_prints_can_be_used(examples):
    loading = massgen_module("cli.config_loading")
    for example in examples:
        printed = example.path.removesuffix(".yaml").replace("/", "_")
        with pytest.raises(loading.ConfigurationError, match="not found in package"):
            loading.resolve_config_path(f"@examples/{printed}")


@pytest.mark.parametrize("kind", ["inference", "uitars"])
def test_two_types_of_the_registry_cannot_be_made(kind):
    config = {"agents": [{"id": "a", "backend": {"type": kind, "model": "m"}}]}
    assert massgen_module("config_validator").ConfigValidator().validate_config(config).is_valid()
    with pytest.raises(
        massgen_module("cli.config_loading").ConfigurationError, match="Unsupported backend type"
    ):
        massgen_module("cli.backends").create_backend(kind, model="m")


@pytest.mark.parametrize(
    ("kind", "variable", "asked_for"),
    [
        ("openai", "OPENAI_API_KEY", "gpt-4o-mini"),
        ("claude", "ANTHROPIC_API_KEY", "claude-3-sonnet-20240229"),
        ("gemini", "GEMINI_API_KEY", "gemini-2.5-flash"),
        ("groq", "GROQ_API_KEY", "gpt-oss-120b"),
    ],
)
def test_an_agent_without_a_model_asks_for_another_than_the_registrys_default(
    kind, variable, asked_for, monkeypatch
):
    monkeypatch.setenv(variable, "test-key")
    config = {"agents": [{"id": "a", "backend": {"type": kind}}]}
    agent = massgen_module("cli.backends").create_agents_from_config(config)["a"]
    assert agent.config.get_backend_params()["model"] == asked_for
    backend = next(each for each in read_backends(massgen_directory()) if each.type == kind)
    assert backend.fallback_model == asked_for != backend.default_model


@pytest.mark.parametrize("key", ["max_turns", "interactive_mode"])
def test_some_orchestrator_keys_are_accepted_and_read_by_nobody(key):
    source = "".join(
        path.read_text("utf-8")
        for path in massgen_directory().rglob("*.py")
        if "tests" not in path.parts
        and path.name != "agent_config.py"
        and "_extraframework_agents" not in path.parts
    )
    assert key in {each.name for each in read_orchestrator()}
    assert f'"{key}"' not in source


def test_a_timeout_under_orchestrator_is_checked_and_has_no_effect():
    config = massgen_module("agent_config").AgentConfig()
    config.apply_orchestrator_config({"timeout": {"orchestrator_timeout_seconds": 5}})
    assert config.timeout_config.orchestrator_timeout_seconds == 1800
    assert verdict("orchestrator", "timeout", "orchestrator_timeout_seconds") == ("positive number",)


def test_a_variable_that_is_not_set_stays_as_it_is_written(monkeypatch):
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    expand = massgen_module("cli.config_loading")._expand_env_vars
    assert expand({"model": "${NO_SUCH_VARIABLE}"}) == {"model": "${NO_SUCH_VARIABLE}"}
