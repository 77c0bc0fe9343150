"""Names, files and states that nobody planned for: tables keep their shape, and nothing is lost."""

from __future__ import annotations

import json

import pytest

from massgen_plugins.cli.checks import seams
from massgen_plugins.cli.checks.finding import ok
from massgen_plugins.profiles.steering import pause, read_steering
from massgen_plugins.quota import CalendarDay, Kind, Limit
from tests.calls.settled import settled
from tests.cli.test_budget import spend as spend_money
from tests.cli.test_cost import log_dir, spent

NAME = "a researcher\nof two lines, whose name is so long that it would fill\x1b[31m the whole table"
TEXT = "The quick brown fox jumps over the lazy dog.\nIt did so three times.\n"


def rows_of(out):
    return [line for line in out.splitlines() if line.strip()]


def test_a_name_of_several_lines_is_one_cell_of_a_table(rl, spent):
    spent(settled(agent_id=NAME), settled(agent_id="b"))
    ran = rl("cost", "--by", "agent", env={"COLUMNS": "120"})
    assert [line.split()[0] for line in rows_of(ran.out)[:4]] == ["agent", "a", "b", "total"]
    assert r"a researcher\nof two lines" in ran.out
    assert "\x1b" not in ran.out
    stacked = rl("cost", "--by", "agent", env={"COLUMNS": "40"}).out.splitlines()
    assert max(map(len, stacked)) <= 40
    assert rl("cost", "--by", "agent", "--json").document["groups"][0]["agent"] == NAME


def test_such_a_name_has_one_row_among_budgets(rl, spend_money):
    spend_money({"agents": {NAME: 0.05}}, agent=NAME)
    out = rl("budget", env={"COLUMNS": "120"}).out
    assert sum("two lines" in line for line in out.splitlines()) == 1
    assert max(map(len, out.splitlines())) <= 120


def test_a_page_of_costs_spells_control_characters_out(rl, spent, tmp_path):
    spent(settled(agent_id=NAME))
    assert rl("cost", "report", str(tmp_path / "page.html")).code == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert r"\x1b[31m" in page
    assert not [letter for letter in page if ord(letter) < 32 and letter != "\n"]


def test_tokens_are_worded_as_in_history(rl, spent):
    usage = {"input_tokens": 1620, "output_tokens": 100, "total_tokens": 1720}
    spent(settled(amounts=usage, raw={"prompt_tokens": 1620, "completion_tokens": 100}))
    wide = {"COLUMNS": "120"}
    assert "1,620" in rl("cost", "--by", "model", env=wide).out
    assert "1,620" in rl("history", "--by", "model", env=wide).out


def test_a_file_that_is_no_export_is_left_alone(rl, spent, tmp_path):
    spent()
    mine = tmp_path / "thesis.csv"
    mine.write_text(TEXT)
    ran = rl("cost", "export", "-o", str(mine))
    assert (ran.code, mine.read_text()) == (2, TEXT)
    assert "exists and is not an export of calls; name another file." in str(ran.err)
    for form in ("csv", "json"):
        for _ in range(2):  # its own earlier export is replaced
            assert rl("cost", "export", "-o", str(tmp_path / form), "--format", form).code == 0
    assert rl("cost", "export", "--format", "csv", "-o", str(tmp_path / "json")).code == 0


@pytest.mark.parametrize("text", [TEXT, "[1, 2]", '{"name": "a package"}'])
def test_any_text_is_no_refusal(rl, tmp_path, text):
    file = tmp_path / "some.txt"
    file.write_text(text)
    ran = rl("why", str(file))
    assert (ran.code, ran.out) == (0, "")
    assert "No provider plugin knows this refusal" in ran.err
    assert "--status CODE" in ran.err
    assert rl("why", str(file), "--json").document == {"refusal": None}


def test_nothing_to_take_back_is_no_mistake(rl):
    for words in (("unset", "all"), ("resume",)):
        ran = rl(*words)
        assert (ran.code, ran.err) == (0, "")
    assert rl("unset", "all").out == "Nothing was set.\n"


ALL_GO_ON = (
    ("status",), ("line",), ("history",), ("cost",), ("budget",), ("limits",), ("profiles",), ("metrics",),
    ("watch", "--until-idle"), ("why",),
)  # fmt: skip


@pytest.mark.parametrize("words", ALL_GO_ON, ids=" ".join)
def test_a_damaged_file_of_temporary_limits_stops_nothing(rl, store_file, words):
    store_file.parent.mkdir(parents=True)
    store_file.with_name("steering.json").write_text("{")
    ran = rl(*words)
    assert ran.code == 0
    if words == ("status",):
        assert "steering.json: the file is damaged, so no pause and no temporary limit applies" in ran.err


def test_the_damaged_file_is_written_anew_as_is_said(rl, store_file):
    pause()
    store_file.with_name("steering.json").write_text("{")
    assert rl("resume").code == 0
    assert read_steering().entries == ()
    assert rl("status").err.startswith("No call has been limited yet")


def test_a_day_that_the_last_run_has_used_up_is_said_to_be(rl, spend):
    spend(calls=3, limits=[Limit(Kind.REQUESTS, 3, CalendarDay("America/Los_Angeles"))])
    out = " ".join(rl("status", env={"COLUMNS": "160"}).out.split())
    assert "(now; in the last run 3, used up)" in out


def test_init_names_no_file_that_is_not_there(rl, monkeypatch):
    monkeypatch.setattr("massgen_plugins.cli.installed_host.require_host", lambda: "0.1.97")
    monkeypatch.setattr(seams, "check_attachment", lambda: ok("attachment", "fine"))
    ran = rl("init", "--dry-run")
    assert ran.code == 0
    assert "team.yaml" not in ran.out
    assert "massgen-rl init FILE" in ran.out


def test_limits_call_a_profile_a_profile_with_and_without_its_place(rl):
    words = ("limits", "gemini-2.5-flash")
    assert "the profile" in rl(*words).out
    assert "the profile built in" in " ".join(rl(*words, "--origin").out.split())
    assert json.loads(rl(*words, "--json").out)["models"]
