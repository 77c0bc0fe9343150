from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles import Settings
from massgen_plugins.profiles.places import default_store_path
from massgen_plugins.quota import (
    DAY,
    HELD,
    MINUTE,
    NANOSECONDS,
    Bucket,
    CalendarDay,
    CalendarMonth,
    Conventions,
    Kind,
    Limit,
    Sliding,
)

from .conftest import FLASH, limits, load, refusal, write

PACIFIC = CalendarDay("America/Los_Angeles")


def test_nothing_set_means_the_seed_and_the_documented_defaults() -> None:
    settings = load()
    rules = settings.rules("gemini", "gemini-3-flash-preview")
    assert set(rules.limits) == {
        Limit(Kind.REQUESTS, 9, MINUTE),
        Limit(Kind.INPUT_TOKENS, 240_000, MINUTE),
        Limit(Kind.REQUESTS, 245, PACIFIC),
    }
    assert (rules.cooldown, rules.cooldown_mode) == (3 * NANOSECONDS, "probe")
    assert (rules.max_wait, rules.wait_for_day, rules.profile) == (900 * NANOSECONDS, False, "gemini-seed")
    assert settings.account("gemini") is None
    assert settings.store == str(default_store_path())
    assert settings.notes == ()


def test_every_limit_key_means_what_the_handbook_says() -> None:
    values = {
        "rps": 1,
        "rpm": 2,
        "rpd": 3,
        "tpm": 4,
        "tpd": 5,
        "itpm": 6,
        "otpm": 7,
        "rph": 9,
        "concurrent": 11,
        "usd_per_day": 0.5,
        "limits": [
            {"kind": "requests", "amount": 12, "window": "bucket:10s"},
            {"kind": "requests", "amount": 13, "window": "month@UTC"},
            {"kind": "concurrent", "amount": 10, "window": "held"},
            {"kind": "cost", "amount": 10, "window": "10m"},
            {"kind": "total_tokens", "amount": 8, "window": "day@UTC"},
        ],
    }
    profile = {"provider": "acme", "profiles": {"acme-a": {"default": True, "fallback": values}}}
    assert set(load({"define": [profile]}).rules("acme", "m").limits) == {
        Limit(Kind.REQUESTS, 1, Sliding(NANOSECONDS)),
        Limit(Kind.REQUESTS, 2, MINUTE),
        Limit(Kind.REQUESTS, 3, DAY),
        Limit(Kind.TOTAL_TOKENS, 4, MINUTE),
        Limit(Kind.TOTAL_TOKENS, 5, DAY),
        Limit(Kind.INPUT_TOKENS, 6, MINUTE),
        Limit(Kind.OUTPUT_TOKENS, 7, MINUTE),
        Limit(Kind.REQUESTS, 9, Sliding(3600 * NANOSECONDS)),
        Limit(Kind.CONCURRENT, 10, HELD),
        Limit(Kind.REQUESTS, 12, Bucket(10 * NANOSECONDS)),
        Limit(Kind.REQUESTS, 13, CalendarMonth("UTC")),
        Limit(Kind.COST, 500_000, DAY),
        Limit(Kind.COST, 10_000_000, Sliding(600 * NANOSECONDS)),
        Limit(Kind.TOTAL_TOKENS, 8, CalendarDay("UTC")),
    }


ACME = Conventions(Kind.OUTPUT_TOKENS, "Asia/Tokyo", bucket=True)


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ({}, {"requests/bucket:60s", "output_tokens/bucket:60s", "requests/Asia/Tokyo"}),
        ({"window": "sliding"}, {"requests/60s", "output_tokens/60s", "requests/Asia/Tokyo"}),
    ],
)
def test_what_a_profile_does_not_say_of_counting_its_provider_says(
    more: dict[str, str], keys: set[str]
) -> None:
    fields = {"default": True, "fallback": {"rpm": 1, "tpm": 2, "rpd": 3}, **more}
    profile = {"provider": "acme", "profiles": {"acme-a": fields}}
    settings = load({"define": [profile]}, conventions=lambda _: ACME)
    assert set(limits(settings, "m", "acme")) == keys
    # The child that is given the mapping needs nobody to tell it.
    assert set(limits(load(settings.to_mapping()), "m", "acme")) == keys


def test_limits_without_any_profile_are_counted_as_the_provider_does() -> None:
    settings = load({"models": {"m": {"tpm": 5}}}, conventions=lambda _: ACME)
    assert limits(settings, "m", "acme") == {"output_tokens/bucket:60s": 5}
    assert settings.rules("acme", "other") is None


def test_a_limit_of_the_whole_account_can_be_set_for_any_provider() -> None:
    settings = load({"models": {"*account": {"usd_per_day": 2}, "acme:shared": {"rpm": 3}}})
    assert limits(settings, "*account", "acme") == {"cost/86400s": 2_000_000}
    assert limits(settings, "acme:shared", "acme") == {"requests/60s": 3}


SHARED = """
provider: acme
aliases: {big: large-1}
profiles:
  acme-a:
    default: true
    pools:
      large: {models: [large], rpm: 5}
      "*account": {concurrent: 2}
    models: {small: {rpm: 9}}
"""


def test_pools_hold_their_models_and_the_account_all(config_dir: Path) -> None:
    write(config_dir / "profiles" / "acme.yaml", SHARED)
    settings = load({"models": {"large": {"rpm": 4}}})
    assert settings.pools_for("acme", "large-2") == settings.pools_for("acme", "big") == ("large",)
    assert settings.pools_for("acme", "small") == ()
    assert limits(settings, "large", "acme") == {"requests/60s": 4}
    assert limits(settings, "*account", "acme") == {"concurrent/held": 2}
    assert limits(settings, "small", "acme") == {"requests/60s": 9}
    # Only the account's limits hold for it.
    assert limits(settings, "other", "acme") == {}
    # A pool that the provider names and nobody limits.
    assert settings.rules("acme", "acme:special") is None
    child = load(settings.to_mapping())
    assert child.pools_for("acme", "large-2") == ("large",)
    assert child.rules("acme", "large") == settings.rules("acme", "large")


def test_the_smaller_of_two_limits_on_one_window_holds() -> None:
    block = {"models": {FLASH: {"rpm": 5, "limits": [{"kind": "requests", "amount": 4, "window": "1m"}]}}}
    assert limits(load(block))["requests/60s"] == 4


def test_each_key_comes_from_the_strongest_place_that_states_it(config_dir: Path, project: Path) -> None:
    write(
        config_dir / "rate_limit.yaml", f"max_wait: 1\naccount: a\nmodels: {{{FLASH}: {{rpm: 1, rpd: 1}}}}\n"
    )
    write(project / ".massgen/rate_limit.yaml", f"max_wait: 2\nmodels: {{{FLASH}: {{rpm: 2, tpm: 2}}}}\n")
    settings = load({"models": {FLASH: {"tpm": 3}}, "cooldown_mode": "space"})
    assert limits(settings) == {"requests/60s": 2, "input_tokens/60s": 3, "requests/America/Los_Angeles": 1}
    assert (settings.max_wait, settings.account("gemini"), settings.cooldown_mode) == (2, "a", "space")


def test_overrides_of_families_add_up_from_wide_to_close() -> None:
    models = {"gemini-*-flash": {"rpm": 5, "tpm": 5}, FLASH: {"tpm": 4}, "gemini-2.5-flash-lite": {"rpm": 99}}
    assert limits(load({"models": models})) == {
        "requests/60s": 5,
        "input_tokens/60s": 4,
        "requests/America/Los_Angeles": 245,
    }
    assert limits(load({"models": models}), "gemini-3-flash-preview")["input_tokens/60s"] == 5


def test_an_override_reaches_a_model_through_the_profiles_alias() -> None:
    block = {"models": {"gemini-3.1-pro-preview": {"rpm": 1}}}
    assert limits(load(block), "gemini-3.1-pro-preview-customtools")["requests/60s"] == 1


@pytest.mark.parametrize("nothing", [None, "none"])
def test_none_takes_a_limit_away_and_off_switches_the_cooldown_off(nothing: object) -> None:
    block = {"models": {FLASH: {"rpm": nothing, "cooldown": nothing}}, "cooldown_mode": False}
    rules = load(block).rules("gemini", FLASH)
    assert "requests/60s" not in {limit.key for limit in rules.limits}
    assert (rules.cooldown, rules.cooldown_mode) == (0, "off")


@pytest.mark.parametrize(
    ("margin", "written", "left"),
    [(0, 9, 9), (0.1, 9, 8), (0.07, 100, 93), (0.1, 1, 1), (0.999, 5, 1), (0.5, 0, 0), (0.9, 10**12, 10**11)],
)
def test_the_margin_is_taken_off_exactly(margin: float, written: int, left: int) -> None:
    assert (
        limits(load({"safety_margin": margin, "models": {FLASH: {"rpm": written}}}))["requests/60s"] == left
    )


def test_the_settings_margin_replaces_that_of_the_profile() -> None:
    profile = {"provider": "gemini", "profiles": {"mine": {"safety_margin": 0.5, "fallback": {"rpm": 10}}}}
    assert limits(load({"define": [profile], "profile": "mine"})) == {"requests/60s": 5}
    assert limits(load({"define": [profile], "profile": "mine", "safety_margin": 0})) == {"requests/60s": 10}


def test_accounts_are_one_for_all_or_one_each(project: Path) -> None:
    write(project / ".massgen/rate_limit.yaml", "account: team\n")
    assert load().account("openai") == "team"
    each = load({"account": {"gemini": "mine"}})
    assert (each.account("gemini"), each.account("openai")) == ("mine", "team")
    assert load({"account": "other"}).account("gemini") == "other"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"profil": "x"}, "team.yaml, key 'rate_limit.profil': this key is unknown; did you mean 'profile'?"),
        ({"profile": "gemini-sead"}, "did you mean 'gemini-seed'?"),
        (
            {"profile": {"openai": "gemini-seed"}},
            "key 'rate_limit.profile.openai': the profile 'gemini-seed' is for",
        ),
        ({"disabled": ["gemini-sead"]}, "key 'rate_limit.disabled.[0]'"),
        ({"disabled": "gemini-seed"}, "expected a list"),
        ({"max_wait": "9"}, "found the text '9'"),
        ({"max_wait": True}, "found true"),
        ({"max_wait": 10**400}, "found a huge number"),
        ({"safety_margin": 10**5000}, "found a huge number"),
        ({"models": {FLASH: {"cooldown": 10**400}}}, "found a huge number"),
        (
            {"models": {FLASH: {"limits": [{"kind": "cost", "amount": 10**400, "window": "1h"}]}}},
            "US dollars",
        ),
        ({"max_wait": -1}, "from 0 to 86,400"),
        ({"max_wait": 86_401}, "from 0 to 86,400"),
        ({"max_wait": float("nan")}, "found nan"),
        ({"wait_for_day": "false"}, "expected true or false, without quotes, found the text 'false'"),
        ({"cooldown_mode": "on"}, "one of probe, space, off"),
        ({"safety_margin": 1}, "to below 1"),
        ({"store": "quota.db"}, "begins with / or ~/"),
        ({"store": "/a\0b"}, "begins with / or ~/"),
        ({"account": "two words"}, "1 to 64 letters"),
        ({"models": {FLASH: {"rpm": "9"}}}, "key 'rate_limit.models.gemini-2.5-flash.rpm'"),
        ({"models": {2.5: {"rpm": 9}}}, "key 2.5 is not text"),
        ({"models": [FLASH]}, "expected a mapping"),
        (True, "team.yaml, key 'rate_limit': expected a mapping (key: value), found true"),
        ([], "found a list"),
    ],
)
def test_a_wrong_setting_of_the_run_is_named_by_its_path(block: object, words: str) -> None:
    sentence = refusal(block, config_path="team.yaml")
    assert words in sentence
    assert "\n" not in sentence


def test_a_wrong_file_is_named_with_line_and_column(project: Path, config_dir: Path) -> None:
    path = write(project / ".massgen/rate_limit.yaml", "# ours\nmax_wait: 5 minutes\n")
    assert refusal(None).startswith(f"{path}, line 2, column 1, key 'max_wait': expected a number of seconds")
    path.unlink()
    path = write(config_dir / "profiles" / "x.yaml", "provider: gemini\nprofile: {}\n")
    assert refusal(None).startswith(f"{path}, line 2, column 1, key 'profile'")


@pytest.mark.parametrize("secret", ["AIzaSy" + "x" * 33, "sk-proj-" + "x" * 40])
def test_a_key_in_place_of_an_account_is_refused_unseen(secret: str) -> None:
    for block in (
        {"account": secret},
        {"account": {secret: "a"}},
        {"profile": secret},
        {"models": {secret: 1}},
    ):
        assert secret[:12] not in refusal(block)


def test_naming_a_profile_switches_it_on_above_a_weaker_place(config_dir: Path) -> None:
    write(config_dir / "rate_limit.yaml", "disabled: [gemini-seed, gemini-tier1]\n")
    assert "massgen-rl profiles enable gemini-seed" in refusal(None)
    assert load({"profile": "gemini-tier1"}).rules("gemini", FLASH).profile == "gemini-tier1"
    assert "is switched off" in refusal({"profile": "gemini-tier1", "disabled": ["gemini-tier1"]})


def test_the_default_applies_when_the_named_profile_is_off(config_dir: Path) -> None:
    write(config_dir / "rate_limit.yaml", "profile: gemini-free\ndisabled: [gemini-free]\n")
    assert load().rules("gemini", FLASH).profile == "gemini-seed"


def test_an_uncovered_provider_learns_and_an_uncovered_model_is_an_error() -> None:
    assert load().rules("openai", "gpt") is None
    profile = {"provider": "gemini", "profiles": {"mine": {"models": {"gemini-pro": {"rpm": 1}}}}}
    assert f"does not cover the model '{FLASH}'" in refusal({"define": [profile], "profile": "mine"})
    assert limits(load({"define": [profile], "profile": "mine", "models": {FLASH: {"rpm": 2}}})) == {
        "requests/60s": 2
    }


def test_who_changes_the_mapping_changes_no_rules() -> None:
    settings = load({"models": {FLASH: {"limits": [{"kind": "cost", "amount": 1, "window": "1h"}]}}})
    before = settings.rules("gemini", FLASH)
    mapping = settings.to_mapping()
    mapping["models"][FLASH]["limits"][0]["amount"] = 10**6
    for document in mapping["define"]:
        for profile in document["profiles"].values():
            profile["models"]["gemini-*-flash"]["rpm"] = 10**6
    assert settings.rules("gemini", FLASH) == before
    assert load().rules("gemini", "gemini-3-flash").limits[0].amount == 9


def test_importing_the_package_reads_no_yaml() -> None:
    script = (
        "import sys, massgen_plugins.profiles; "
        "sys.exit(bool({'yaml', 'platformdirs', 'pydantic', 'filelock'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == 0


MODELS = (
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-3-pro-preview",
    "gemini-3.1-pro-preview-customtools",
    "gemma",
)
AMOUNT = st.none() | st.integers(0, 10**12)
BLOCKS = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.sampled_from(["gemini-seed", "gemini-free", "mine"]),
        "disabled": st.lists(st.sampled_from(["gemini-seed", "gemini-tier1"]), unique=True),
        "models": st.dictionaries(
            st.sampled_from(["gemini-*-flash", "gemini-2.5-flash", "gemini-*-pro", "gemma"]),
            st.dictionaries(st.sampled_from(["rpm", "tpm", "rpd", "otpm"]), AMOUNT, min_size=1),
        ),
        "account": st.sampled_from(["a", {"gemini": "g"}, {"*": "all", "gemini": "g"}]),
        "safety_margin": st.floats(0, 0.99),
        "max_wait": st.integers(0, 86_400) | st.floats(0, 86_400),
        "wait_for_day": st.booleans(),
        "cooldown_mode": st.sampled_from(["probe", "space", "off"]),
        "store": st.sampled_from(["memory", "sqlite", "/tmp/q.db"]),
    },
)
MINE = """
provider: gemini
aliases: {gemma: gemini-2.5-flash}
tpm_counts: total_tokens
day_zone: rolling
profiles:
  mine:
    default: true
    safety_margin: 0.25
    models: {gemini-2.5-flash: {rpm: 7, limits: [{kind: cost, amount: 0.1, window: 24h}]}}
    fallback: {tpd: 9, cooldown: 0.5}
"""


def outcome(settings: Settings, model: str) -> object:
    try:
        return settings.rules("gemini", model)
    except ConfigurationError as error:
        return str(error)


@given(run=BLOCKS, mine=BLOCKS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_a_child_given_the_mapping_has_the_same_rules_without_our_files(
    run: dict[str, object], mine: dict[str, object], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASSGEN_PLUGINS_CONFIG_DIR", str(tmp_path / "parent"))
        write(tmp_path / "parent" / "profiles" / "mine.yaml", MINE)
        write(tmp_path / "parent" / "rate_limit.yaml", yaml.safe_dump(mine))
        ours = load(run)
        block = yaml.safe_load(yaml.safe_dump(ours.to_mapping()))
        # The child's own files say something else.
        patch.setenv("MASSGEN_PLUGINS_CONFIG_DIR", str(tmp_path / "child"))
        write(
            tmp_path / "child" / "rate_limit.yaml",
            "models: {gemini-2.5-flash: {rpd: 3}}\nmax_wait: 1\nbroken: 1\n",
        )
        child = load(block, cwd=tmp_path / "elsewhere")
    assert [outcome(child, model) for model in MODELS] == [outcome(ours, model) for model in MODELS]
    assert (child.account("gemini"), child.account("x")) == (ours.account("gemini"), ours.account("x"))
    assert (child.store, child.max_wait, child.to_mapping()) == (ours.store, ours.max_wait, ours.to_mapping())
