from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles import Settings, load_settings
from massgen_plugins.profiles.places import Places, _shipped_dir, find_places
from massgen_plugins.profiles.search import Catalog, find_profiles, profiles_in

from .conftest import write

REPOSITORY = Path(__file__).parents[2]


def profile(name: str, rpm: int, provider: str = "gemini", more: str = "") -> str:
    return f"provider: {provider}\nprofiles:\n  {name}: {{fallback: {{rpm: {rpm}}}{more}}}\n"


def catalog(places: Places) -> Catalog:
    return find_profiles(places.profile_dirs())


def test_the_shipped_profiles_say_where_their_numbers_come_from(places: Places) -> None:
    shipped = profiles_in(places.shipped_dir)
    assert {"gemini-seed", "gemini-free", "gemini-tier1", "gemini-tier2", "gemini-tier3"} <= {
        p.name for p in shipped
    }
    assert [p.name for p in shipped if p.default and p.provider == "gemini"] == ["gemini-seed"]
    for each in shipped:
        assert each.description
        assert each.source
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", each.date)
        assert each.tier


def test_a_higher_tier_is_never_below_a_lower_one(places: Places) -> None:
    tiers = {p.name: p for p in profiles_in(places.shipped_dir)}
    for lower, higher in (("gemini-tier1", "gemini-tier2"), ("gemini-tier2", "gemini-tier3")):
        for model, limits in tiers[lower].models.items():
            above = tiers[higher].limits_for(model)
            assert above is not None
            assert all(above[key] >= limits[key] for key in limits if key in above), (higher, model)


def test_a_profile_further_up_hides_its_namesakes_and_says_where_it_is(
    tmp_path: Path, config_dir: Path
) -> None:
    plugin = write(tmp_path / "plugin" / "g.yaml", profile("gemini-tier1", 2))

    def load() -> Settings:
        block = {"rate_limit": {"profile": "gemini-tier1"}}
        return load_settings(block, extra_profile_dirs=[plugin.parent])

    assert load().rules("gemini", "m").limits[0].amount == 2
    assert load().in_use["gemini"].profile.origin == str(plugin)
    own = write(config_dir / "profiles" / "mine.yaml", profile("gemini-tier1", 1))
    assert load().rules("gemini", "m").limits[0].amount == 1
    assert load().in_use["gemini"].profile.origin == str(own)


def test_a_users_default_is_stronger_than_the_shipped_one(config_dir: Path) -> None:
    write(config_dir / "profiles" / "a.yml", profile("mine", 3, more=", default: true"))
    assert load_settings(None).in_use["gemini"].profile.name == "mine"
    assert (
        load_settings({"rate_limit": {"disabled": ["mine"]}}).in_use["gemini"].profile.name == "gemini-seed"
    )


def test_a_plugin_brings_a_provider_with_its_own_way_of_counting(tmp_path: Path) -> None:
    text = "provider: acme\ntpm_counts: output_tokens\nday_zone: Asia/Tokyo\n"
    profiles = "profiles: {acme-a: {default: true, fallback: {tpm: 5, rpd: 6}}}\n"
    write(tmp_path / "plugin" / "acme.yaml", text + profiles)
    rules = load_settings(None, extra_profile_dirs=[tmp_path / "plugin"]).rules("acme", "any")
    assert {limit.key for limit in rules.limits} == {"output_tokens/60s", "requests/Asia/Tokyo"}


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (profile("one", 2), "a profile of this name is also in"),
        (profile("two", 2, more=", default: true"), "'one' in"),
    ],
)
def test_two_of_a_name_or_two_defaults_in_one_directory_are_an_error(
    second: str, words: str, config_dir: Path, places: Places
) -> None:
    write(config_dir / "profiles" / "a.yaml", profile("one", 1, more=", default: true"))
    path = write(config_dir / "profiles" / "b.yaml", second)
    with pytest.raises(ConfigurationError, match=words) as caught:
        catalog(places)
    assert str(caught.value).startswith(str(path))


def test_hidden_files_and_other_kinds_are_not_profiles(config_dir: Path, places: Places) -> None:
    write(config_dir / "profiles" / ".a.yaml.swp.yaml", "broken: [")
    write(config_dir / "profiles" / "notes.txt", "broken: [")
    assert "gemini-seed" in {p.name for p in catalog(places).profiles}


def test_directories_that_do_not_exist_hold_nothing(tmp_path: Path) -> None:
    assert find_profiles([tmp_path / "no"]).profiles == ()


def test_shipped_profiles_are_found_in_a_checkout_and_in_a_wheel(tmp_path: Path) -> None:
    assert find_places().shipped_dir == REPOSITORY / "plugin_configs"
    package = tmp_path / "site-packages" / "massgen_plugins"
    package.mkdir(parents=True)
    assert _shipped_dir(package) == tmp_path / "site-packages" / "plugin_configs"
    shutil.copytree(REPOSITORY / "plugin_configs", package / "plugin_configs")
    assert _shipped_dir(package) == package / "plugin_configs"
    assert profiles_in(_shipped_dir(package))


def test_every_key_is_documented() -> None:
    from massgen_plugins.profiles.layers import SETTING_KEYS
    from massgen_plugins.profiles.limit_values import LIMIT_KEYS
    from massgen_plugins.profiles.profile import FILE_KEYS, PROFILE_KEYS

    documented = (REPOSITORY / "plugin_configs" / "README.md").read_text(encoding="utf-8")
    for key in (*SETTING_KEYS, *LIMIT_KEYS, *FILE_KEYS, *PROFILE_KEYS):
        assert re.search(rf"^\|[^|]*`{key}`[^|]*\|", documented, re.MULTILINE), key
