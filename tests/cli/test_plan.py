"""``massgen-rl plan`` as somebody types it."""

from __future__ import annotations

import json
import sqlite3

import pytest
from typer.testing import CliRunner

from massgen_plugins.cli.app import build_app

TEAM = """
agents:
  - {id: a, backend: {type: gemini, model: gemini-2.5-flash}}
  - {id: b, backend: {type: gemini, model: gemini-2.5-flash}}
rate_limit:
  models:
    gemini-2.5-flash: {rpm: 3, rpd: DAY}
"""


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(day=100, *arguments, columns=120, text=TEAM):
        (tmp_path / "team.yaml").write_text(text.replace("DAY", str(day)))
        monkeypatch.setenv("COLUMNS", str(columns))
        return CliRunner().invoke(build_app(), ["plan", "team.yaml", *arguments])

    return run


def test_the_number_first_then_why_then_what_to_do(plan):
    done = plan()
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "team.yaml: 2 agents on gemini-2.5-flash"
    name, least, calls, took = lines[2].split()[:4]
    assert (name, least, calls) == ("at", "least", "5")
    assert "1:15" <= took <= "1:20"  # a minute, the margins, and two answers
    assert "left: enough for" in done.stdout
    assert "what binds: 3 requests per minute" not in lines[0]
    assert "sooner with:" in done.stdout


def test_a_day_that_does_not_suffice_is_exit_code_3(plan):
    done = plan(4)
    assert done.exit_code == 3
    assert "and a usual run takes 6: it does not suffice" in done.stdout


def test_programs_get_the_same_facts(plan):
    document = json.loads(plan(100, "--json").stdout)
    assert document["suffices"] is True
    assert [each["calls"] for each in document["estimates"]] == [5, 6]
    assert document["left"][0]["limit"].startswith("requests/")
    assert document["estimates"][0]["cost"] is None


def test_forty_columns_cut_no_number(plan):
    done = plan(columns=40)
    assert max(map(len, done.stdout.splitlines())) <= 40
    assert "usual: 6 calls in" in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [("- 1\n", "holds no mapping"), ("a: [\n", "not valid YAML"), ("agents: []\n", "names no agent")],
)
def test_what_is_no_team_is_one_sentence(plan, text, said):
    done = plan(text=text)
    assert done.exit_code != 0
    assert said in (done.stderr + str(done.exception))


def damaged(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 40)
    return path


def with_a_damaged_part(spend, store_file):
    spend()
    with sqlite3.connect(store_file) as connection:
        connection.execute("UPDATE part SET data = x'00' WHERE name = 'facts'")
    connection.close()


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_store_that_cannot_be_read_is_a_sentence_and_the_plan_is_made(plan, store_file, arguments):
    damaged(store_file)
    done = plan(100, *arguments)
    assert done.exit_code == 0
    assert (
        f"massgen-rl: {store_file} is not a file of massgen-plugins; nothing in it was changed."
        in done.stderr
    )
    assert "Set another store" in done.stderr
    assert done.stderr.endswith("The plan assumes that nothing is used yet.\n")
    assert done.stderr.count("\n") == 1
    shown = (
        json.loads(done.stdout)["left"][0]["used"] == 0 if arguments else "left: enough for" in done.stdout
    )
    assert shown


def test_a_damaged_part_of_the_store_is_named_and_the_rest_counts(plan, spend, store_file):
    with_a_damaged_part(spend, store_file)
    done = plan()
    assert done.exit_code == 0
    assert "the part 'facts' is damaged" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_record_that_cannot_be_read_is_a_sentence_and_the_plan_is_made(plan, store_file):
    record = damaged(store_file.with_name("calls.sqlite3"))
    done = plan()
    assert done.exit_code == 0
    assert f"{record} is no record of calls" in done.stderr
    assert done.stderr.endswith("The plan uses no earlier runs.\n")
    assert done.stderr.count("\n") == 1
