from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles import load_settings
from massgen_plugins.profiles.edit import disable, enable, set_limits, use, validate
from massgen_plugins.profiles.massgen_format import import_massgen
from massgen_plugins.profiles.overview import details, overview
from massgen_plugins.profiles.safe_files import update_text
from massgen_plugins.quota import Conventions, Kind

from .conftest import write

FLASH = "gemini-2.5-flash"


@pytest.fixture
def user_file(config_dir: Path) -> Path:
    return config_dir / "rate_limit.yaml"


def in_use() -> str | None:
    use = load_settings(None).in_use.get("gemini")
    return use and use.profile.name


def test_use_enable_and_disable_do_what_they_say(user_file: Path) -> None:
    assert in_use() == "gemini-seed"
    assert use("gemini-tier1") == user_file
    assert in_use() == "gemini-tier1"
    disable("gemini-tier1")
    assert in_use() == "gemini-seed"
    disable("gemini-seed")
    assert in_use() is None
    disable("gemini-seed")
    assert user_file.read_text().count("gemini-seed") == 1
    enable("gemini-tier1")
    assert in_use() == "gemini-tier1"
    disable("gemini-tier1")
    use("gemini-tier1")
    assert in_use() == "gemini-tier1"


def test_using_a_profile_of_one_provider_leaves_the_others(user_file: Path, config_dir: Path) -> None:
    write(config_dir / "profiles" / "acme.yaml", "provider: acme\nprofiles: {acme-a: {fallback: {rpm: 1}}}\n")
    write(user_file, "profile: acme-a\n")
    use("gemini-free")
    assert {name: use.profile.name for name, use in load_settings(None).in_use.items()} == {
        "acme": "acme-a",
        "gemini": "gemini-free",
    }


@pytest.mark.parametrize("action", [use, enable, disable])
def test_an_unknown_name_gets_a_suggestion_and_changes_nothing(action, user_file: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'gemini-seed'"):
        action("gemini-sead")
    assert not user_file.exists()


def test_a_profile_that_has_gone_can_still_be_left_behind(user_file: Path) -> None:
    write(user_file, "profile: gone\ndisabled: [lost]\n")
    enable("lost")
    use("gemini-free")
    assert in_use() == "gemini-free"


def test_enable_says_so_when_the_project_switches_the_profile_off(project: Path) -> None:
    path = write(project / ".massgen/rate_limit.yaml", "disabled: [gemini-seed]\n")
    with pytest.raises(ConfigurationError, match="the project switches 'gemini-seed' off") as caught:
        enable("gemini-seed")
    assert str(caught.value).startswith(f"{path}, line 1")


def test_limits_are_set_key_by_key() -> None:
    set_limits(FLASH, {"rpm": 5, "tpm": 6})
    set_limits(FLASH, {"rpm": "none", "usd_per_day": 1.5})
    set_limits("gemini-*-pro", {"rpm": 1})
    limits = {limit.key: limit.amount for limit in load_settings(None).rules("gemini", FLASH).limits}
    assert limits == {
        "input_tokens/60s": 6,
        "requests/America/Los_Angeles": 245,
        "cost/America/Los_Angeles": 1_500_000,
    }


@pytest.mark.parametrize(
    ("model", "values", "words"),
    [
        (
            FLASH,
            {"rmp": 1},
            "profiles set, key 'gemini-2.5-flash.rmp': this key is unknown; did you mean 'rpm'?",
        ),
        (FLASH, {"rpm": -1}, "a whole number"),
        (FLASH, {}, "there is no limit here"),
        ("two words", {"rpm": 1}, "a model's name"),
        ("gemini-seed", {"rpm": 1}, "'gemini-seed' is a profile"),
    ],
)
def test_wrong_limits_are_refused(model: str, values: dict[str, object], words: str, user_file: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        set_limits(model, values)
    assert words in str(caught.value)
    assert not user_file.exists()


LAYOUTS = {
    "comments": """# Our limits. Ask Kim before changing them.

max_wait: 600  # MassGen gives up after 1800

disabled:
  - gemini-free  # too small
  - gemini-tier3

# Measured in May.
models:
  # the workhorse
  gemini-2.5-flash:
    rpm: 8  # was 9
    # tokens next

  gemini-*-pro: {rpm: 2}
# the end
""",
    "flow": '{disabled: [gemini-free], models: {"gemini-2.5-flash": {rpm: 8}}, account: "a b c" }'.replace(
        " b c", ""
    ),
    "only a comment": "# nothing yet",
    "windows": "max_wait: 5\r\nmodels:\r\n  gemini-2.5-flash:\r\n    rpm: 8\r\n",
    "document marks": "---\nmax_wait: 5\n...\n",
    "quoted": "'models': {'gemini-2.5-flash': {'rpm': 8}}",
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_edit_keeps_comments_and_everything_else(name: str, user_file: Path) -> None:
    before = LAYOUTS[name]
    user_file.parent.mkdir()
    user_file.write_bytes(before.encode())
    set_limits(FLASH, {"rpm": 7, "tpm": 100})
    set_limits("gemini-pro", {"rpm": 1})
    disable("gemini-tier1")
    use("gemini-tier2")
    settings = load_settings(None)
    assert settings.overrides[FLASH] == {"rpm": 7, "tpm": 100}
    assert settings.overrides["gemini-pro"] == {"rpm": 1}
    assert "gemini-tier1" in {profile.name for profile in settings.disabled}
    after = user_file.read_text()
    for line in before.splitlines():
        if "#" in line:
            assert line[line.index("#") :].strip() in after


@pytest.mark.parametrize("broken", ["max_wait: [", "max_wait: -1\n", "unknown: 1\n", "- a\n", "models:\n"])
def test_a_file_that_does_not_load_is_not_touched(broken: str, user_file: Path) -> None:
    write(user_file, broken)
    for action in (lambda: use("gemini-tier1"), lambda: set_limits(FLASH, {"rpm": 1})):
        with pytest.raises(ConfigurationError):
            action()
    assert user_file.read_text() == broken


def test_what_is_written_is_for_the_owner_only(user_file: Path, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        use("gemini-tier1")
        (made,) = import_massgen(write(tmp_path / "m.yaml", "gemini: {default: {rpm: 1}}\n"))
    finally:
        os.umask(old)
    for path in (user_file, made, user_file.parent / ".lock"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(user_file.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in user_file.parent.iterdir()) == [
        ".lock",
        "profiles",
        "rate_limit.yaml",
    ]


def test_a_symbolic_link_stays_one(user_file: Path, tmp_path: Path) -> None:
    target = write(tmp_path / "dotfiles" / "rate_limit.yaml", "max_wait: 5\n")
    user_file.parent.mkdir()
    user_file.symlink_to(target)
    use("gemini-tier1")
    assert user_file.is_symlink()
    assert "gemini-tier1" in target.read_text()


def test_a_directory_that_cannot_be_made_is_one_sentence(config_dir: Path) -> None:
    write(config_dir, "a file is in the way")
    with pytest.raises(ConfigurationError, match=r"MASSGEN_PLUGINS_CONFIG_DIR: .* is not a directory"):
        use("gemini-tier1")


@pytest.mark.usefixtures("homeless")
def test_without_a_home_the_cure_is_named(tmp_path: Path) -> None:
    source = write(tmp_path / "m.yaml", "gemini: {default: {rpm: 1}}\n")
    for action in (lambda: use("gemini-tier1"), lambda: import_massgen(source)):
        with pytest.raises(ConfigurationError, match="MASSGEN_PLUGINS_CONFIG_DIR"):
            action()


def test_a_failing_change_leaves_the_file_and_no_rubbish(tmp_path: Path) -> None:
    path = write(tmp_path / "d" / "f.yaml", "a: 1\n")
    with pytest.raises(UnicodeEncodeError):
        update_text(path, lambda _: "\ud800")
    assert path.read_text() == "a: 1\n"
    assert {entry.name for entry in path.parent.iterdir()} == {".lock", "f.yaml"}


def test_settings_are_read_and_changed_without_the_locks_of_unix(user_file: Path) -> None:
    script = (
        "import sys; sys.modules['fcntl'] = None\n"
        "from massgen_plugins.profiles import load_settings\n"
        "from massgen_plugins.profiles.edit import use\n"
        "use('gemini-tier1')\n"
        "assert load_settings(None).in_use['gemini'].profile.name == 'gemini-tier1'\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # filelock warns that it has no better lock then.
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], env=environment, check=True)
    assert "gemini-tier1" in user_file.read_text()


def test_two_writers_do_not_lose_each_others_keys() -> None:
    def work(prefix: str) -> None:
        for number in range(8):
            set_limits(f"{prefix}-model-{number}", {"rpm": number})

    threads = [threading.Thread(target=work, args=(prefix,)) for prefix in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load_settings(None).overrides) == 24


MASSGEN = """# as MassGen writes it
gemini:
  gemini-2.5-flash: {rpm: 9, tpm: 240000, rpd: 245}
  default: {rpm: 7, tpm: }
openai:
claude:
  claude-3-5-haiku: {rpm: 50}
"""


def test_massgens_own_format_becomes_profiles(tmp_path: Path) -> None:
    source = write(tmp_path / "rate_limits.yaml", MASSGEN)
    written = import_massgen(source)
    assert [path.name for path in written] == ["massgen-gemini.yaml", "massgen-claude.yaml"]
    (gemini,) = validate(written[0])
    assert (gemini.name, gemini.provider, gemini.source) == ("massgen-gemini", "gemini", str(source))
    use("massgen-gemini")
    pacific = Conventions(Kind.INPUT_TOKENS, "America/Los_Angeles")
    settings = load_settings(None, conventions=lambda _: pacific)
    assert settings.rules("gemini", "gemini-2.5-flash-lite").limits[0].amount == 7
    assert {limit.key for limit in settings.rules("gemini", FLASH).limits} == {
        "requests/60s",
        "input_tokens/60s",
        "requests/America/Los_Angeles",
    }
    with pytest.raises(ConfigurationError, match="already exists"):
        import_massgen(source)
    assert import_massgen(source, overwrite=True) == written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a mapping"),
        ("openai:\n", "this file has no limits"),
        ("gemini: {m: {rpm: fast}}\n", "key 'gemini.m.rpm'"),
        ("gemini: {m: {rps: 1}}\n", "this key is unknown"),
        ("gemini: {m: {}}\n", "there is no limit here"),
        ("gemini: {m: 5}\n", "expected a mapping"),
        ("Gem Ini: {m: {rpm: 5}}\n", "expected a name"),
    ],
)
def test_another_format_is_refused_and_nothing_is_written(
    text: str, words: str, tmp_path: Path, config_dir: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        import_massgen(write(tmp_path / "m.yaml", text))
    assert words in str(caught.value)
    assert not config_dir.exists()


def test_an_import_does_not_make_a_second_profile_of_a_name(tmp_path: Path, config_dir: Path) -> None:
    write(
        config_dir / "profiles" / "mine.yaml",
        "provider: gemini\nprofiles: {massgen-gemini: {fallback: {rpm: 1}}}\n",
    )
    with pytest.raises(ConfigurationError, match="already exists here"):
        import_massgen(write(tmp_path / "m.yaml", "gemini: {default: {rpm: 1}}\n"), overwrite=True)


def test_the_table_says_what_is_on_why_and_where_from(project: Path, config_dir: Path) -> None:
    on = {row.name: row.why for row in overview() if row.on}
    assert on == {"gemini-seed": "default"}
    use("gemini-tier1")
    disable("gemini-seed")
    rows = {row.name: row for row in overview()}
    assert (rows["gemini-tier1"].on, rows["gemini-tier1"].why) == (True, "user")
    assert (rows["gemini-seed"].on, rows["gemini-seed"].why) == (False, "disabled")
    assert (rows["gemini-free"].on, rows["gemini-free"].why) == (False, "")
    write(project / ".massgen/rate_limit.yaml", "profile: gemini-free\n")
    row, profile = details("gemini-free")
    assert (row.on, row.why, row.models) == (True, "project", len(profile.models))
    assert row.origin.endswith("gemini.yaml")
    with pytest.raises(ConfigurationError, match="did you mean"):
        details("gemini-fre")
