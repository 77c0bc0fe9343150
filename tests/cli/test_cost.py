"""``massgen-rl cost``: what is shown of the record, in every form, and what is said when it cannot be."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest

from massgen_plugins.budget.prices import Prices
from massgen_plugins.calls.record import Recorder
from massgen_plugins.calls.runs import begin_run
from massgen_plugins.quota import Domain
from tests.calls.settled import BLOCK, settled

CACHED = {"prompt_tokens": 1000, "completion_tokens": 100, "cached_tokens": 400}


@pytest.fixture
def log_dir(tmp_path):
    return tmp_path / "logs" / "log_1"


@pytest.fixture
def spent(store_file, log_dir):
    """Writes calls of one run of six agents into the user's record; the run's name."""

    def write(*events):
        recorder = Recorder(store_file.with_name("calls.sqlite3"), 30, 256, Prices(lambda _: BLOCK), print)
        run = begin_run("teams/six.yaml", lambda: log_dir).name
        chosen = events or [settled(agent_id=f"agent_{number}", raw=CACHED) for number in range(6)]
        for number, event in enumerate(chosen):
            if number % 10_000 == 0:
                recorder.write()
            recorder.add(settled(**{**{n: getattr(event, n) for n in event.__slots__}, "run": run}))
        recorder.close()
        return run

    return write


def massgen_says(log_dir, dollars, tokens=(6000, 600), attempt="turn_1/attempt_1"):
    directory = log_dir / attempt
    directory.mkdir(parents=True)
    usage = {"input_tokens": tokens[0], "output_tokens": tokens[1], "estimated_cost": dollars}
    (directory / "status.json").write_text(json.dumps({"agents": {"a": {"token_usage": usage}}}))


EACH = (600 * 2.5 + 400 * 0.25 + 100 * 15) / 1_000_000
ALL = 6 * EACH


def test_a_run_has_its_sum_its_team_and_its_tokens(rl, spent):
    run = spent()
    ran = rl("cost", env={"COLUMNS": "120"})
    assert ran.code == 0
    line = next(line for line in ran.out.splitlines() if line.startswith(run))
    assert line.split()[1:] == [
        "six.yaml",
        *("6", "0", "0:03", "6,000", "2,400", "600", "0.0186"),
    ]


@pytest.mark.parametrize("by", ["run", "agent", "model", "provider", "day", "month"])
def test_every_dimension_has_the_same_sum(rl, spent, by):
    spent()
    document = rl("cost", "--by", by, "--json").document
    assert document["by"] == by
    assert sum(group["cost"] for group in document["groups"]) == pytest.approx(ALL)
    assert document["total"]["cost"] == pytest.approx(ALL)
    assert document["total"]["tokens"]["cached"] == 2400


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_no_line_is_wider_than_the_terminal_and_every_amount_is_whole(rl, spent, columns):
    spent()
    for by in ("run", "agent"):
        out = rl("cost", "--by", by, env={"COLUMNS": columns}).out
        assert max(map(len, out.splitlines())) <= int(columns)
        assert "0.0186" in out


def test_only_the_calls_in_question_are_summed(rl, spent):
    run = spent()
    for arguments, calls in {
        ("--agent", "agent_1"): 1,
        ("--model", "gpt-5.4"): 6,
        ("--provider", "openai"): 6,
        ("--run", run): 6,
        ("--since", "1h"): 6,
        ("--since", "today"): 6,
        ("--until", "yesterday"): 0,
        ("--since", "2026-01", "--until", "2026-01-31T12:00"): 0,
    }.items():
        assert rl("cost", *arguments, "--json").document["total"]["calls"] == calls


@pytest.mark.parametrize("written", ["soon", "7", "-1d", "2026-13-01", "99999999d", "7d\x1b[31m"])
def test_a_moment_that_is_none_gets_a_sentence(rl, spent, written):
    spent()
    ran = rl("cost", f"--since={written}")
    assert ran.code == 2
    assert "is not a point in time; write a span" in ran.err
    assert "\x1b" not in ran.err


def test_an_unknown_price_is_unknown_and_its_model_is_named(rl, spent):
    spent(settled(model="new-model", domain=Domain("qwen", "x")), settled())
    out = rl("cost", "--by", "model", env={"COLUMNS": "80"}).out
    assert "unknown" in out
    assert "there is no known price for new-model (qwen): 1 call" in " ".join(out.split())
    assert rl("cost", "--json").document["unknown"] == {"new-model (qwen)": 1}


# Beside MassGen's own figure.


@pytest.mark.parametrize(
    ("figure", "reason"),
    [
        ((ALL, (6000, 600)), ""),
        ((6 * (1000 * 2.5 + 100 * 15) / 1e6, (6000, 600)), "charges the full price for cached input"),
        ((0.0, (6000, 600)), "has no price for the model"),
        ((0.0, (0, 0)), "has not counted all calls"),
        ((ALL / 2, (3000, 300)), "has not counted all calls"),
        ((ALL * 3, (6000, 600)), "uses another table of prices"),
        ((ALL * 2, (12000, 1200)), "12,000 tokens in, the calls took 6,000"),
    ],
)
def test_massgens_own_figure_stands_beside_with_the_reason_of_the_difference(
    rl, spent, log_dir, figure, reason
):
    run = spent()
    massgen_says(log_dir, *figure)
    (group,) = rl("cost", "--json").document["groups"]
    assert group["massgen"]["cost"] == figure[0]
    assert group["massgen"]["more"] == pytest.approx(figure[0] - ALL)
    assert reason in group["massgen"]["reason"]
    assert bool(group["massgen"]["reason"]) is bool(reason)
    out = " ".join(rl("cost", env={"COLUMNS": "80"}).out.split())
    assert "US dollars MassGen" in out
    assert (f"{run}: MassGen says" in out) is bool(reason)


def test_geminis_thoughts_that_massgen_leaves_out_are_named(rl, spent, log_dir):
    raw = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "thoughtsTokenCount": 400}
    event = settled(
        domain=Domain("gemini", "g"),
        model="gemini-2.5-flash",
        amounts={"input_tokens": 1000, "output_tokens": 500},
        raw=raw,
    )
    spent(event)
    cost = rl("cost", "--json").document["total"]["cost"]
    massgen_says(log_dir, cost - 400 * 2.5 / 1e6, (1000, 100))
    (group,) = rl("cost", "--json").document["groups"]
    assert "leaves out reasoning tokens" in group["massgen"]["reason"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"agents": 5}', '{"agents": {"a": {"token_usage": 5}}}'])
def test_files_of_massgen_that_say_nothing_are_passed_over(rl, spent, log_dir, content):
    spent()
    massgen_says(log_dir, 1.0)
    (log_dir / "turn_1/attempt_1/status.json").write_text(content)
    assert rl("cost", "--json").document["groups"][0]["massgen"] is None


def test_the_last_attempt_of_the_last_turn_is_massgens_figure(rl, spent, log_dir):
    spent()
    for number, place in enumerate(("turn_1/attempt_1", "turn_2/attempt_9", "turn_2/attempt_10"), start=1):
        massgen_says(log_dir, float(number), attempt=place)
    assert rl("cost", "--json").document["groups"][0]["massgen"]["cost"] == 3.0


# One call.


def test_a_call_is_explained_factor_by_factor(rl, spent):
    spent(settled(raw=CACHED))
    out = " ".join(rl("cost", "why", "last", env={"COLUMNS": "80"}).out.split())
    assert "input 600 2.5 0.0015 cached input 400 0.25 0.0001 output 100 15 0.0015" in out
    assert "0.0031 US dollars, by the prices of: profile own, as of 2026-11-30." in out
    document = rl("cost", "why", "1", "--json").document
    assert sum(part["cost"] for part in document["parts"]) == pytest.approx(document["cost"])


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (settled(cost=123.4), "0.0001234 US dollars, by the prices of: the provider."),
        (settled(model="new"), "there is no known price for new"),
        (settled(amounts={}, raw={}), "the answer reported no usage"),
        (settled(amounts={}, raw={}, status=429, outcome="refused"), "there was no answer to pay for"),
    ],
)
def test_a_call_without_factors_says_why(rl, spent, event, words):
    spent(event)
    assert words in " ".join(rl("cost", "why", "last").out.split())


@pytest.mark.parametrize("call", ["0", "99", "first", "1.5", "-", "9" * 40, "²"])
def test_a_call_that_is_none_gets_a_sentence(rl, spent, call):
    spent()
    ran = rl("cost", "why", call)
    assert ran.code == 2
    assert "last" in ran.err


# Files.


def test_an_export_has_every_call_as_a_row(rl, spent, tmp_path):
    spent(settled(agent_id="=1+1"), settled(model="new"))
    rows = list(csv.DictReader(io.StringIO(rl("cost", "export").out)))
    assert [row["agent"] for row in rows] == ["'=1+1", "a0"]
    assert float(rows[0]["cost_usd"]) == pytest.approx(EACH)
    assert rows[1]["cost_usd"] == ""
    documents = json.loads(rl("cost", "export", "--format", "json").out)
    assert [row["cost_usd"] for row in documents] == [pytest.approx(EACH), None]
    target = tmp_path / "calls.parquet"
    assert rl("cost", "export", "--format", "parquet", "-o", str(target)).code == 0
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(target).to_pylist() == [{**row} for row in documents]


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "--format", "parquet"),
        ("export", "-o", "/nowhere/calls.csv"),
        ("export", "--format", "xml"),
        ("report", "/nowhere/run.html"),
        ("--record", "/nowhere"),
        ("--by", "mood"),
    ],
)
def test_what_cannot_be_written_or_read_gets_a_sentence(rl, spent, arguments):
    spent()
    ran = rl("cost", *arguments)
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_a_page_needs_nothing_from_elsewhere_and_names_cannot_become_markup(rl, spent, tmp_path):
    spent(settled(agent_id="<script>alert(1)</script>"), settled(agent_id="a"))
    target = tmp_path / "run.html"
    assert rl("cost", "report", str(target)).code == 0
    page = target.read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    assert "0.0062" in page


@pytest.mark.parametrize(
    "arguments",
    [("report", "{}"), ("export", "-o", "{}"), ("export", "--format", "json", "-o", "{}")],
    ids=["report", "csv", "json"],
)
def test_what_is_written_is_for_its_owner_only(rl, spent, tmp_path, arguments):
    spent()
    target = tmp_path / "written"
    assert rl("cost", *(each.format(target) for each in arguments)).code == 0
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.stat().st_size > 100


def test_a_report_replaces_a_report_and_nothing_else(rl, spent, tmp_path):
    spent()
    page, team = tmp_path / "run.html", tmp_path / "team.yaml"
    team.write_text("agents: []\n")
    assert [rl("cost", "report", str(page)).code for _ in range(2)] == [0, 0]
    ran = rl("cost", "report", str(team))
    assert ran.code == 2
    assert "not a page of costs" in ran.err
    assert team.read_text() == "agents: []\n"


# Nothing there.


def test_before_the_first_call_there_is_one_sentence(rl, tmp_path):
    for arguments in (("cost",), ("cost", "report", str(tmp_path / "x.html"))):
        ran = rl(*arguments)
        assert (ran.code, ran.out) == (0, "")
        assert "No such call has been recorded yet" in ran.err
    ran = rl("cost", "why", "last")
    assert ran.code == 2
    assert "no call has been recorded yet" in ran.err
    assert "or: last" not in ran.err
    assert rl("cost", "--json").document["groups"] == []


def test_a_foreign_file_is_no_record(rl, tmp_path):
    path = Path(tmp_path / "notes")
    path.write_text("nothing of ours" * 1000)
    ran = rl("cost", "--record", str(path))
    assert ran.code == 1
    assert "not a record of calls" in ran.err


def test_without_a_record_the_setting_is_named(rl, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("record: false\n")
    ran = rl("cost")
    assert ran.code == 2
    assert "record: false" in ran.err


def test_a_hundred_thousand_calls_are_summed_within_a_second_of_cpu(rl, spent, store_file):
    spent(*[settled(call=number) for number in range(100_000)])
    begun = time.process_time()
    ran = rl("cost", "--by", "agent", "--json")
    assert ran.document["total"]["calls"] == 100_000
    assert time.process_time() - begun < 1
