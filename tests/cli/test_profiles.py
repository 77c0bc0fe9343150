"""``massgen-rl profiles``: showing and changing what limits calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from massgen_plugins.profiles import SettingsSource, load_settings

ROW_KEYS = {"name", "provider", "tier", "on", "why", "origin", "date", "models"}
MORE_KEYS = {
    "description",
    "source",
    "default",
    "safety_margin",
    "tpm_counts",
    "day_zone",
    "window",
    "aliases",
    "pools",
    "fallback",
}


def limits(model="gemini-2.5-flash"):
    return {limit.key: limit.amount for limit in load_settings(None).rules("gemini", model).limits}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_bare_shows_a_row_for_every_profile_and_why_it_is_on(rl):
    ran = rl("profiles")
    assert ran.code == 0
    rows = {line.split()[0]: line for line in ran.out.splitlines()[1:]}
    assert "on, by default" in rows["gemini-seed"]
    assert "built in" in rows["gemini-seed"]
    assert "2026" in rows["gemini-seed"]
    assert " off " in rows["gemini-free"]


def test_the_table_as_json_has_stable_keys(rl):
    document = rl("profiles", "--json").document
    assert all(set(row) == ROW_KEYS for row in document)
    assert [row["name"] for row in document if row["on"]] == ["gemini-seed"]


def test_the_table_is_grouped_by_provider_and_can_show_one_alone(rl):
    lines = rl("profiles").out.splitlines()
    providers = [line for line in lines[1:] if not line.startswith(" ")]
    assert [line.strip() for line in providers] == sorted(line.strip() for line in providers)
    assert len(lines) - len(providers) - 1 >= 40
    alone = rl("profiles", "--provider", "openai")
    assert alone.code == 0
    assert "openai-tier1" in alone.out
    assert "gemini" not in alone.out
    assert {row["provider"] for row in rl("profiles", "--provider", "grok", "--json").document} == {"grok"}


def test_a_mistyped_provider_gets_a_suggestion(rl):
    ran = rl("profiles", "--provider", "opanai")
    assert ran.code == 2
    assert "--provider: no profile is for the text 'opanai'; did you mean 'openai'?" in ran.err
    assert rl("profiles", "--provider", "openai", "show", "gemini-seed").code == 2


def test_show_tells_of_pools_buckets_and_what_is_learned(rl):
    shown = rl("profiles", "show", "anthropic-start").out
    assert "pool anthropic:opus-4" in shown
    assert "claude-opus-4-6" in shown
    assert "a bucket that refills" in shown
    assert "learned" in shown
    document = rl("profiles", "show", "anthropic-start", "--json").document
    assert document["pools"]["anthropic:opus-4"]["itpm"] == 2_000_000
    assert (document["window"], document["fallback"]) == ("bucket", "learned")


def test_disabling_what_was_not_in_use_leaves_its_provider_learning(rl):
    ran = rl("profiles", "disable", "openai-tier1")
    assert (ran.code, ran.err) == (0, "")
    assert "its limits are learned" in ran.out
    rl("profiles", "use", "openai-tier1")
    assert "runs that ask to be limited do not start" in rl("profiles", "disable", "openai-tier1").err


def test_json_before_a_command_is_wrong_usage(rl):
    assert rl("profiles", "--json", "show", "gemini-seed").code == 2


def test_show_tells_limits_source_date_margin_and_cooldown(rl):
    ran = rl("profiles", "show", "gemini-seed")
    assert ran.code == 0
    for words in (
        "gemini-*-flash",
        "240,000",
        "245",
        "3 s",
        "all others",
        "2026-11-23",
        "rate_limits.yaml",
        "Margin",
    ):
        assert words in ran.out


def test_show_as_json_has_stable_keys(rl):
    document = rl("profiles", "show", "gemini-seed", "--json").document
    assert set(document) == ROW_KEYS | MORE_KEYS
    assert document["models"]["gemini-*-flash"]["rpm"] == 9


def test_show_tells_what_the_users_settings_change(rl):
    rl("profiles", "set", "gemini-*-flash", "rpm=5")
    assert "gemini-*-flash: rpm 5" in rl("profiles", "show", "gemini-seed").out


def test_a_mistyped_profile_gets_a_suggestion(rl, settings_file):
    for command in ("show", "use", "enable", "disable"):
        ran = rl("profiles", command, "gemini-teir1")
        assert ran.code == 2
        assert "did you mean 'gemini-tier1'?" in ran.err
    assert not settings_file.exists()


def test_use_lets_a_profile_hold(rl):
    assert rl("profiles", "use", "gemini-tier1").code == 0
    assert limits()["requests/60s"] == 1000
    assert "on, your choice" in rl("profiles").out


def test_use_tells_that_the_project_overrules_it(rl):
    write(Path(".massgen/rate_limit.yaml"), "profile: gemini-free\n")
    ran = rl("profiles", "use", "gemini-tier1")
    assert ran.code == 0
    assert "this project uses gemini-free" in ran.err


def test_disable_and_enable(rl):
    rl("profiles", "use", "gemini-tier1")
    ran = rl("profiles", "disable", "gemini-tier1")
    assert ran.code == 0
    assert "gemini is limited by gemini-seed" in ran.out
    assert "off, switched off" in rl("profiles").out
    assert rl("profiles", "enable", "gemini-tier1").code == 0
    assert "switched off" not in rl("profiles").out


def test_disabling_the_last_one_warns(rl):
    ran = rl("profiles", "disable", "gemini-seed")
    assert ran.code == 0
    assert "no profile limits gemini now" in ran.err


def test_set_changes_and_takes_away(rl):
    ran = rl("profiles", "set", "gemini-2.5-flash", "rpm=5", "tpm=none")
    assert (ran.code, ran.err) == (0, "")
    assert limits() == {"requests/60s": 5, "requests/America/Los_Angeles": 245}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rmp=5"], "did you mean 'rpm'?"),
        (["rpm=-1"], "whole number"),
        (["rpm=nan"], "whole number"),
        (["rpm=1.5"], "whole number"),
        (["rpm=" + "9" * 5000], "whole number"),
        (["rpm=five"], "whole number"),
        (["rpm"], "KEY=VALUE"),
        (["rpm="], "KEY=VALUE"),
        (["=5"], "KEY=VALUE"),
        (["rpm=5", "rpm=6"], "given twice"),
        (["cooldown=inf"], "seconds"),
        (["limits=5"], "a list"),
    ],
    ids=lambda value: " ".join(value)[:20] if isinstance(value, list) else None,
)
def test_a_wrong_limit_is_one_sentence_and_changes_nothing(rl, settings_file, words, says):
    ran = rl("profiles", "set", "gemini-2.5-flash", *words)
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert not settings_file.exists()


def test_set_without_limits_is_wrong_usage(rl):
    assert rl("profiles", "set", "gemini-2.5-flash").code == 2


def test_a_mistyped_model_is_not_written_without_yes(rl, settings_file):
    ran = rl("profiles", "set", "gemini-2.5-flsh", "rpm=5")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean 'gemini-2.5-flash'?" in ran.err
    assert not settings_file.exists()
    assert rl("profiles", "set", "gemini-2.5-flsh", "rpm=5", "--yes").code == 0
    assert "gemini-2.5-flsh" in settings_file.read_text()


@pytest.mark.parametrize(
    "model", ["gemini-2.5-flash", "gemini-*-pro", "gemini-3.1-pro-preview", "acme-large"]
)
def test_a_model_that_may_be_right_is_not(rl, model):
    assert rl("profiles", "set", model, "rpm=5").err == ""


def test_an_edit_is_seen_by_the_next_look_of_a_running_process(rl):
    source = SettingsSource(None)
    for arguments in (
        ("use", "gemini-tier1"),
        ("set", "gemini-*-flash", "rpm=7"),
        ("disable", "gemini-tier1"),
        ("enable", "gemini-tier1"),
    ):
        assert rl("profiles", *arguments).code == 0
        assert source.changed()
        source.reload()
    assert not source.changed()


def test_a_broken_settings_file_is_named_and_kept(rl, settings_file):
    write(settings_file, "profil: gemini-free\n")
    for arguments in (("profiles",), ("profiles", "use", "gemini-free"), ("status",)):
        ran = rl(*arguments)
        assert ran.code == 2
        assert f"{settings_file}, line 1" in ran.err
    assert settings_file.read_text() == "profil: gemini-free\n"


def test_validate_tells_of_each_file(rl, tmp_path):
    good = write(tmp_path / "good.yaml", "provider: acme\nprofiles: {acme-free: {fallback: {rpm: 3}}}\n")
    bad = write(tmp_path / "bad.yaml", "provider: acme\nprofiles: {x: {fallback: {rmp: 3}}}\n")
    ran = rl("profiles", "validate", str(good), str(bad), str(tmp_path / "none.yaml"))
    assert ran.code == 1
    assert f"{good}: acme-free" in ran.out.replace("\n", "")
    assert f"{bad}, line 2" in ran.err
    assert "none.yaml" in ran.err
    assert rl("profiles", "validate", str(good)).code == 0


def test_validate_as_json_has_stable_keys(rl, tmp_path):
    ran = rl("profiles", "validate", "--json", str(tmp_path / "none.yaml"))
    assert ran.code == 1
    assert [set(each) for each in ran.document] == [{"file", "ok", "profiles", "error"}]
    assert ran.err == ""


def test_import_makes_profiles_of_massgens_format(rl, tmp_path):
    file = write(tmp_path / "rate_limits.yaml", "gemini:\n  gemini-2.5-flash: {rpm: 4, tpm: 1000, rpd: 9}\n")
    ran = rl("profiles", "import", str(file))
    assert ran.code == 0
    assert "massgen-rl profiles use massgen-gemini" in ran.out
    assert rl("profiles", "import", str(file)).code == 2
    assert rl("profiles", "import", "--overwrite", str(file)).code == 0
    assert rl("profiles", "use", "massgen-gemini").code == 0
    assert limits()["requests/60s"] == 4


def test_what_a_file_says_cannot_steer_the_terminal(rl, home):
    text = 'provider: acme\nprofiles:\n  acme: {description: "a\\e[31mb [red]c", fallback: {rpm: 3}}\n'
    write(home / "config/massgen-plugins/profiles/acme.yaml", text)
    ran = rl("profiles", "show", "acme")
    assert ran.code == 0
    assert "a\\x1b[31mb [red]c" in ran.out


def test_without_a_home_the_sentence_names_the_way_out(rl, monkeypatch):
    monkeypatch.setattr("massgen_plugins.profiles.places._usual", lambda _: None)
    ran = rl("profiles", "use", "gemini-free")
    assert ran.code == 2
    assert "MASSGEN_PLUGINS_CONFIG_DIR" in ran.err


def test_set_tells_what_holds_now_and_that_no_run_follows(rl):
    ran = rl("profiles", "set", "gemini-2.5-flash", "rpm=5")
    assert "now requests per minute 9 -> 5" in ran.out
    assert "No limited run is under way" in ran.out
    assert "follow within a second" not in ran.out


def test_set_tells_when_the_project_is_stronger(rl):
    Path(".massgen").mkdir()
    Path(".massgen/rate_limit.yaml").write_text("models: {gemini-2.5-flash: {rpm: 3}}\n")
    ran = rl("profiles", "set", "gemini-2.5-flash", "rpm=5")
    assert "nothing changes by it" in ran.err


def test_use_tells_the_limits_that_hold_now(rl):
    out = rl("profiles", "use", "gemini-tier1").out
    assert "1,000 requests per minute" in out
    assert "massgen-rl profiles show gemini-tier1" in out or out.count("requests per minute") > 1


def test_unset_takes_back_what_set_wrote_and_leaves_the_rest(rl, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("# mine\nmodels:\n  gemini-2.5-pro: {rpm: 1, tpm: 5}  # careful\n")
    rl("profiles", "set", "gemini-2.5-flash", "rpm=5", "rpd=20")
    ran = rl("profiles", "unset", "gemini-2.5-flash", "rpm")
    assert "rpm=5 removed" in ran.out
    assert "now requests per minute 5 -> 9" in ran.out
    assert limits()["requests/America/Los_Angeles"] == 20
    rl("profiles", "unset", "gemini-2.5-flash")
    rl("profiles", "unset", "gemini-2.5-pro", "rpm")
    assert settings_file.read_text() == "# mine\nmodels:\n  gemini-2.5-pro: {tpm: 5}  # careful\n"
    rl("profiles", "unset", "gemini-2.5-pro")
    assert settings_file.read_text() == "# mine\n"


@pytest.mark.parametrize(
    "words", [["gemini-2.5-pro"], ["gemini-2.5-flash", "tpm"], ["gemini-2.5-flash", "rpm", "tpm"]]
)
def test_unset_of_what_is_not_there_says_what_is(rl, settings_file, words):
    rl("profiles", "set", "gemini-2.5-flash", "rpm=5")
    before = settings_file.read_text()
    ran = rl("profiles", "unset", *words)
    assert ran.code == 2
    assert "gemini-2.5-flash rpm" in ran.err
    assert settings_file.read_text() == before


def test_a_file_that_has_its_settings_below_rate_limit_is_read_and_changed_there(rl, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("# as in the README\nrate_limit:\n  max_wait: 60  # short\n")
    assert rl("profiles", "set", "gemini-2.5-flash", "rpm=5").code == 0
    assert limits()["requests/60s"] == 5
    assert rl("profiles", "use", "gemini-tier1").code == 0
    text = settings_file.read_text()
    assert text.startswith("# as in the README\nrate_limit:\n  max_wait: 60  # short\n  ")
    assert [line for line in text.splitlines() if line and not line.startswith((" ", "#"))] == ["rate_limit:"]
    assert rl("profiles", "unset", "gemini-2.5-flash").code == 0
    assert "rpm" not in settings_file.read_text()


def test_both_forms_in_one_file_are_one_sentence(rl, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("rate_limit: {max_wait: 60}\nstore: memory\n")
    ran = rl("profiles")
    assert ran.code == 2
    assert "rate_limit" in ran.err
