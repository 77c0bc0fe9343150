"""``massgen-rl status`` and ``forget``: what is used, what was learned, and dropping that."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind
from massgen_plugins.quota import Scope
from massgen_plugins.rate_limit.stores.sqlite_view import view_scopes

PRO = Scope("gemini", "research", "gemini-2.5-pro")
NAME = "gemini/research/gemini-2.5-flash"
LIMIT_KEYS = {
    "key",
    "kind",
    "window",
    "zone",
    "declared",
    "cap",
    "used",
    "left",
    "learned",
    "free_in",
    "resets_at",
}
SCOPE_KEYS = {
    "scope",
    "provider",
    "account",
    "model",
    "endpoint",
    "profile",
    "in_flight",
    "waiting",
    "limits",
    "penalties",
}
PENALTY_KEYS = {"pause", "closed", "advice", "day_spent", "share", "probing"}


def scope_of(ran):
    return ran.document["scopes"][0]


def limit_of(ran, key):
    return next(limit for limit in scope_of(ran)["limits"] if limit["key"] == key)


def test_without_a_store_it_says_so_and_makes_none(rl, home):
    ran = rl("status")
    assert (ran.code, ran.out) == (0, "")
    assert "No call was limited yet" in ran.err
    assert rl("status", "--json").document["exists"] is False
    assert list(home.iterdir()) == []


def test_a_store_in_memory_has_nothing_to_look_at(rl, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("store: memory\n")
    ran = rl("status")
    assert ran.code == 0
    assert "store: memory" in ran.err
    assert rl("status", "--json").document["store"] is None
    assert rl("forget", "all", "--yes").code == 2


def test_each_limit_is_a_line_with_its_use(rl, spend):
    spend(calls=9, tokens=1000)
    ran = rl("status")
    assert ran.code == 0
    lines = {line.strip().split("  ")[0]: line for line in ran.out.splitlines()}
    assert "9 / 9" in lines["requests per minute"]
    assert "9,000 / 240,000" in lines["input tokens per minute"]
    assert "236 left, resets" in lines["requests per day"]


def test_the_day_is_shown_in_local_time(rl, spend, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    __import__("time").tzset()
    spend()
    try:
        resets = limit_of(rl("status", "--json"), "requests/America/Los_Angeles")["resets_at"]
        local = dt.datetime.fromisoformat(resets).astimezone()
        assert f"resets {local:%H:%M} IST" in rl("status").out
    finally:
        monkeypatch.undo()
        __import__("time").tzset()


def test_the_document_has_stable_keys_and_true_numbers(rl, spend):
    spend(calls=4, tokens=500)
    ran = rl("status", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert set(ran.document) == {"store", "exists", "read_at", "scopes"}
    scope = scope_of(ran)
    assert set(scope) == SCOPE_KEYS
    assert set(scope["penalties"]) == PENALTY_KEYS
    assert all(set(limit) == LIMIT_KEYS for limit in scope["limits"])
    assert (scope["scope"], scope["profile"]) == (NAME, "gemini-seed")
    minute = limit_of(ran, "requests/60s")
    assert (minute["declared"], minute["cap"], minute["used"], minute["left"]) == (9, 9, 4, 5)
    assert 0 < minute["free_in"] <= 63
    assert limit_of(ran, "input_tokens/60s")["used"] == 2000
    day = limit_of(ran, "requests/America/Los_Angeles")
    assert (day["window"], day["zone"], day["used"]) == (None, "America/Los_Angeles", 4)


def test_what_a_refusal_taught_is_shown(rl, spend, lower_limit):
    spend(refusal=lower_limit)
    shown = rl("status").out
    assert "paused for" in shown
    assert "learned: 5 requests per minute, instead of 9" in shown
    ran = rl("status", "--json")
    minute = limit_of(ran, "requests/60s")
    assert (minute["declared"], minute["cap"], minute["learned"]) == (9, 5, True)
    assert 25 < scope_of(ran)["penalties"]["pause"] <= 31
    assert scope_of(ran)["penalties"]["probing"] is True


def test_a_closed_door_shows_its_advice(rl, spend):
    spend(refusal=Refusal(RefusalKind.PERMANENT, advice="Pay \x1b[31mthe bill."))
    assert "closed for 1 min: Pay \\x1b[31mthe bill." in rl("status").out


def test_a_spent_day_and_a_slower_pace_are_shown(rl, spend):
    spend(refusal=Refusal(RefusalKind.DAY))
    spend(PRO, refusal=Refusal(RefusalKind.OVERLOAD))
    shown = rl("status").out
    assert "day used up" in shown
    assert "slowed down to 50%" in shown


def test_looking_changes_nothing(rl, spend, store_file):
    spend()
    before = store_file.read_bytes()
    rl("status")
    rl("status", "--json")
    assert store_file.read_bytes() == before


def test_the_store_that_the_settings_name_is_read(rl, spend, store_file, settings_file, tmp_path):
    spend()
    other = store_file.rename(tmp_path / "elsewhere.sqlite3")
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text(f"store: {other}\n")
    assert rl("status", "--json").document["store"] == str(other)
    assert scope_of(rl("status", "--json"))["scope"] == NAME


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be looked at" * 40, b"SQLite format 3\0"]
)
def test_a_damaged_store_is_a_sentence_and_stays(rl, spend, store_file, content):
    spend()
    store_file.write_bytes(content)
    for arguments in (("status",), ("status", "--json"), ("forget", "all", "--yes")):
        ran = rl(*arguments)
        assert ran.code == 1
        assert str(store_file) in ran.err
        assert ran.err.count("\n") == 1
    assert store_file.read_bytes() == content


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET changes = x'00'",
        "UPDATE entry SET changes = 'r 1 {}'",
        "UPDATE entry SET changes = 'l [1]'",
        "UPDATE scope SET snapshot = 'x'",
        "DROP TABLE scope",
        "PRAGMA user_version = 99",
    ],
)
def test_a_store_with_wrong_content_is_a_sentence(rl, spend, store_file, change):
    spend()
    connection = sqlite3.connect(store_file)
    connection.execute(change)
    connection.commit()
    connection.close()
    ran = rl("status")
    assert ran.code == 1
    assert str(store_file) in ran.err
    assert ran.err.count("\n") == 1


def test_an_empty_file_is_a_store_without_calls(rl, store_file):
    store_file.parent.mkdir(parents=True)
    store_file.touch()
    assert "No call was limited yet" in rl("status").err
    assert store_file.read_bytes() == b""


def test_where_no_side_files_can_be_made_the_store_is_read_all_the_same(spend, store_file, monkeypatch):
    spend()
    connect = sqlite3.connect

    def without_side_files(path, **options):
        if "immutable" not in path:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(path, **options)

    monkeypatch.setattr(sqlite3, "connect", without_side_files)
    assert [str(view.scope) for view in view_scopes(store_file)] == [NAME]


def test_forget_drops_what_was_learned_and_keeps_what_was_used(rl, spend, lower_limit):
    spend(calls=3, refusal=lower_limit)
    ran = rl("forget", NAME, "--yes")
    assert (ran.code, ran.out) == (0, f"{NAME}: forgotten.\n")
    after = rl("status", "--json")
    assert limit_of(after, "requests/60s")["cap"] == 9
    assert limit_of(after, "requests/60s")["used"] == 3
    assert limit_of(after, "requests/America/Los_Angeles")["used"] == 3
    assert scope_of(after)["penalties"]["pause"] == 0


def test_forget_takes_a_model_or_all(rl, spend, lower_limit):
    spend(refusal=lower_limit)
    spend(PRO, refusal=lower_limit)
    assert rl("forget", "gemini-2.5-flash", "--yes").out.count("forgotten") == 1
    assert rl("forget", "all", "--yes").out.count("forgotten") == 2
    assert "learned" not in rl("status").out


def test_forget_does_not_guess(rl, spend):
    spend()
    spend(Scope("gemini", "other", "gemini-2.5-flash"))
    ran = rl("forget", "gemini-2.5-flash", "--yes")
    assert ran.code == 2
    assert NAME in ran.err
    assert "did you mean" in rl("forget", "gemini-2.5-flsh", "--yes").err


def test_forget_asks_first(rl, spend, script, lower_limit, monkeypatch):
    spend(refusal=lower_limit)
    ran = script("forget", "all")
    assert ran.code == 2
    assert "--yes" in ran.err
    monkeypatch.setattr("massgen_plugins.cli.forget._agreed", lambda _: False)
    assert "Nothing is forgotten" in rl("forget", "all").err
    assert "learned" in rl("status").out


def test_forget_without_a_store_makes_none(rl, home):
    assert rl("forget", "all", "--yes").code == 0
    assert list(home.iterdir()) == []


def test_the_installed_script_prints_nothing_but_the_document_on_stdout(script, spend):
    spend()
    ran = script("status", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["scopes"]
