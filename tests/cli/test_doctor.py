"""``massgen-rl doctor``: what it finds, and that every fault comes with a cure."""

from __future__ import annotations

import os
import sqlite3
from importlib import metadata
from pathlib import Path

import pytest

from massgen_plugins import HostFinder
from massgen_plugins.cli.checks import activation, seams
from massgen_plugins.installation import CONFLICTS

SECTIONS = {"versions", "activation", "seams", "plugins", "settings", "store", "traffic", "environment"}


@pytest.fixture
def examine(rl, monkeypatch):
    """Runs the doctor; returns its exit code, and the findings of one section by name."""
    monkeypatch.setattr(
        activation.shutil, "which", lambda _: str(Path(activation.sysconfig.get_path("scripts"), "massgen"))
    )

    def run(section):
        ran = rl("doctor", "--quick", "--json")
        return ran.code, {each["check"]: each for each in ran.document["sections"][section]}

    return run


def test_all_is_well_on_a_fresh_machine(script):
    ran = script("doctor", PATH=f"{Path(activation.sysconfig.get_path('scripts'))}:{os.environ['PATH']}")
    assert ran.code == 0, ran.out
    assert "0 failed" in ran.out


def test_the_document_has_stable_keys_and_every_fault_has_a_cure(rl, monkeypatch):
    monkeypatch.setenv("MASSGEN_RATE_LIMIT", "maybe")
    ran = rl("doctor", "--quick", "--json")
    assert ran.code == 1
    assert ran.err == ""
    assert set(ran.document) == {"ok", "sections"}
    assert ran.document["ok"] is False
    assert set(ran.document["sections"]) == SECTIONS
    for findings in ran.document["sections"].values():
        for finding in findings:
            assert set(finding) == {"check", "mark", "found", "cure"}
            assert finding["mark"] in {"ok", "warn", "fail"}
            assert finding["mark"] == "ok" or finding["cure"]


def test_it_creates_nothing(rl, home):
    rl("doctor", "--quick")
    assert list(home.iterdir()) == []


def test_seams_of_the_installed_massgen_are_found(examine):
    _, found = examine("seams")
    assert {finding["mark"] for finding in found.values()} == {"ok"}
    assert found["massgen create_agents_from_config"]["found"] == "found"


def test_a_seam_that_is_gone_is_a_failure(examine, monkeypatch, tmp_path):
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "backends.py").write_text("class create_backend: ...\n")
    monkeypatch.setattr(seams, "host_folder", lambda: tmp_path)
    code, found = examine("seams")
    assert code == 1
    assert found["massgen create_backend"]["mark"] == "ok"
    assert found["massgen create_agents_from_config"]["mark"] == "fail"


def test_without_massgen_it_says_how_to_get_it(rl, monkeypatch):
    monkeypatch.setattr("massgen_plugins.cli.installed_host.host_folder", lambda: None)
    ran = rl("doctor", "--quick")
    assert ran.code == 1
    assert 'pip install "massgen-plugins[massgen]"' in ran.out


def test_the_opt_out_is_a_warning(examine, monkeypatch):
    monkeypatch.setenv("MASSGEN_PLUGINS_DISABLE", "1")
    _, found = examine("activation")
    assert found["opt-out"]["mark"] == "warn"


@pytest.mark.parametrize(("place", "mark"), [(None, "warn"), ("/somewhere/else/bin/massgen", "fail")])
def test_the_massgen_of_the_shell_has_to_be_ours(rl, monkeypatch, place, mark):
    monkeypatch.setattr(activation.shutil, "which", lambda _: place)
    findings = rl("doctor", "--quick", "--json").document["sections"]["activation"]
    assert {each["check"]: each["mark"] for each in findings}["massgen command"] == mark


def test_a_missing_start_file_is_a_failure(rl, monkeypatch):
    monkeypatch.setattr(activation, "_start_files", lambda: iter(()))
    monkeypatch.setattr("sys.meta_path", [])
    monkeypatch.setattr(HostFinder, "done", False)
    assert activation._start_file().mark == "fail"


def test_a_finder_that_has_done_its_work_is_a_start_that_happened(monkeypatch):
    """It removes itself from sys.meta_path once MassGen is imported, say by a plugin."""
    monkeypatch.setattr("sys.meta_path", [])
    monkeypatch.setattr(HostFinder, "done", True)
    assert activation._start_file().mark == "ok"


def test_a_blocked_limiter_is_a_failure(examine, monkeypatch):
    monkeypatch.setenv("MASSGEN_PLUGINS_BLOCK", "rate_limit")
    code, found = examine("plugins")
    assert (code, found["blocked"]["mark"]) == (1, "fail")


def test_active_limits_are_shown_per_family(examine):
    _, found = examine("settings")
    assert "gemini-seed (by default)" in found["gemini limits"]["found"]
    assert "rpm 9" in found["  gemini-*-flash"]["found"]


def test_wrong_settings_are_a_failure(examine, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("max_wait: soon\n")
    code, found = examine("settings")
    assert code == 1
    assert f"{settings_file}, line 1" in found["settings"]["found"]


def test_no_profile_at_all_is_a_failure(examine, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("disabled: [gemini-seed]\n")
    code, found = examine("settings")
    assert (code, found["gemini limits"]["mark"]) == (1, "fail")
    assert "profiles enable gemini-seed" in found["gemini limits"]["cure"]


def test_a_sound_store(examine, spend):
    spend()
    code, found = examine("store")
    assert code == 0
    assert {finding["mark"] for finding in found.values()} == {"ok"}
    assert "1 pool" in found["integrity"]["found"]


def test_a_store_that_others_can_read_is_a_warning(examine, spend, store_file):
    spend()
    store_file.chmod(0o644)
    _, found = examine("store")
    assert found["mode"]["mark"] == "warn"
    assert "chmod 600" in found["mode"]["cure"]


def test_a_damaged_store_is_a_failure_and_stays(examine, spend, store_file):
    spend()
    store_file.write_bytes(b"x" * 4096)
    code, found = examine("store")
    assert (code, found["store content"]["mark"]) == (1, "fail")
    assert store_file.read_bytes() == b"x" * 4096


def test_a_damaged_part_of_a_store_is_a_warning(examine, spend, store_file):
    spend()
    with sqlite3.connect(store_file) as connection:
        connection.execute("UPDATE part SET data = x'00' WHERE name = 'facts'")
    connection.close()
    code, found = examine("store")
    assert (code, found["content"]["mark"]) == (0, "warn")
    assert "forget all --use" in found["content"]["cure"]


def test_a_store_that_cannot_be_written_is_a_failure(examine, monkeypatch):
    monkeypatch.setattr("massgen_plugins.cli.checks.store.os.access", lambda *_: False)
    code, found = examine("store")
    assert (code, found["writable"]["mark"]) == (1, "fail")


@pytest.mark.parametrize(
    ("value", "mark", "code"), [("1", "ok", 0), ("0", "warn", 0), ("maybe", "fail", 1), ("", "ok", 0)]
)
def test_the_switch_of_the_environment(examine, monkeypatch, value, mark, code):
    monkeypatch.setenv("MASSGEN_RATE_LIMIT", value)
    got, found = examine("environment")
    assert (got, found["switch"]["mark"]) == (code, mark)


def test_two_different_keys_are_a_warning_and_are_not_shown(examine, rl, monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "first-secret")
    monkeypatch.setenv("GEMINI_API_KEY", "second-secret")
    _, found = examine("environment")
    assert found["gemini key"]["mark"] == "warn"
    assert "GOOGLE_API_KEY wins" in found["gemini key"]["found"]
    assert "secret" not in rl("doctor", "--quick").out


def test_vertex_ai_is_a_warning(examine, monkeypatch):
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    assert examine("environment")[1]["vertex ai"]["mark"] == "warn"


def test_the_account_hint_goes_when_there_is_one(examine, settings_file):
    assert "account: NAME" in examine("environment")[1]["gemini account"]["cure"]
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("account: research\n")
    assert "'research'" in examine("environment")[1]["gemini account"]["found"]


def test_a_check_that_breaks_does_not_stop_the_others(rl, monkeypatch):
    def broken():
        raise RuntimeError("boom")

    monkeypatch.setattr("massgen_plugins.cli.checks.plugins.check_plugins", broken)
    ran = rl("doctor", "--quick", "--json")
    assert ran.code == 1
    assert "boom" in ran.document["sections"]["plugins"][0]["found"]
    assert set(ran.document["sections"]) == SECTIONS


@pytest.fixture
def in_the_way(tmp_path):
    """Makes a MassGen that cannot be imported; gives the variables that put it first."""

    def make(raised):
        package = tmp_path / "site" / "massgen"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"raise {raised}\n")
        return {"PYTHONPATH": str(package.parent)}

    return make


def attachment(ran):
    (found,) = ran.document["sections"]["attachment"]
    return found


@pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda conflict: conflict.bad[0])
def test_it_starts_massgen_and_names_the_package_in_the_way_and_what_works(script, in_the_way, conflict):
    error = f"ImportError(\"cannot import name {conflict.symptom} from 'somewhere'\")"
    ran = script("doctor", "--json", **in_the_way(error))
    assert ran.code == 1
    found = attachment(ran)
    assert found["mark"] == "fail"
    assert f"{conflict.package} {metadata.version(conflict.package)} is in the way" in found["found"]
    assert f"{conflict.package} {conflict.works} works" in found["found"]
    assert all(requirement in found["cure"] for requirement in conflict.cure)


def test_an_error_that_nobody_knows_is_shown_with_the_set_that_works(script, in_the_way):
    found = attachment(script("doctor", "--json", **in_the_way("RuntimeError('never seen')")))
    assert "MassGen cannot be imported: RuntimeError: never seen" in found["found"]
    assert "massgen-plugins[massgen]" in found["cure"]


@pytest.mark.parametrize("option", ["--deep", None])
@pytest.mark.e2e
def test_it_sees_the_package_attach_also_where_the_automatic_start_is_off(script, option):
    ran = script("doctor", *filter(None, [option]), "--json", MASSGEN_PLUGINS_DISABLE="1")
    assert attachment(ran)["mark"] == "ok"
