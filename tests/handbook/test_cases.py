"""Case studies and worked examples happened, and the pages say what their results files say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

SITE = Path(__file__).parents[2] / "website"
CASES = SITE / "cases"
PAGES = sorted((SITE / "docs").rglob("*.mdx"))
NAMES = sorted(file.parent.name for file in CASES.glob("*/case.py"))
STUDIES = sorted((SITE / "docs" / "learn").glob("case-*.mdx"))
NOT_STUDIES = {"case-studies.mdx", "case-study-template.mdx"}
MARK = "{/* ="


@pytest.fixture(scope="module")
def pages():
    sys.path.insert(0, str(CASES))
    try:
        from lab import pages
    finally:
        sys.path.remove(str(CASES))
    return pages


@pytest.fixture
def shared_figures(tmp_path, pages):
    """Figures of a small run, by their names."""
    from lab import Finished, measured

    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "status.json").write_text('{"results": {"winner": "a1"}}')
    output = "LOG_DIR: logs\nWINNER: a1\nCOMPLETED: 2 agents, 4.5s total\n"
    finished = Finished(0, output, "", 9.0, tmp_path)
    report = SimpleNamespace(
        arrived=3, refused=1, served=2, input_tokens={"m": 10, "n": 20}, output_tokens={"m": 5}
    )
    return lambda names: measured(finished, report, names)


@pytest.fixture(scope="module")
def results(pages):
    return pages.read_results(CASES)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "{/*" in page.read_text("utf-8")], ids=lambda p: p.stem
)
def test_figures_excerpts_and_files_of_the_page_are_those_of_the_results(page, pages, results):
    text = page.read_text("utf-8")
    assert pages.updated(text, results) == text, "run: python website/cases/run.py --pages"


@pytest.mark.parametrize("name", NAMES)
def test_the_case_was_run_with_the_installed_massgen(name):
    result = json.loads((CASES / name / "result.json").read_text("utf-8"))
    assert result["command"] == f"python website/cases/run.py {name}"
    assert result["versions"]["massgen"] == version("massgen"), f"run: {result['command']}"
    assert result["figures"]


@pytest.mark.parametrize("name", NAMES)
def test_the_figures_that_cases_share_exist_and_are_in_the_results(name, shared_figures):
    """Worked out by ``lab.measured``, of a run and a report that are there."""
    asked = re.findall(r'measured\(\w+, [^"]+, "([^"]+)"\)', (CASES / name / "case.py").read_text("utf-8"))
    written = {
        key.rpartition(".")[2] for key in json.loads((CASES / name / "result.json").read_text())["figures"]
    }
    for names in asked:
        assert list(shared_figures(names)) == names.split()
        assert set(names.split()) <= written


def test_figures_of_a_run_are_those_of_its_output_and_of_the_providers_report(shared_figures):
    assert shared_figures("exit_code requests refused seconds wall answered winner tokens_in") == {
        "exit_code": 0,
        "requests": 3,
        "refused": 1,
        "seconds": 4.5,
        "wall": 9.0,
        "answered": True,
        "winner": "a1",
        "tokens_in": 30,
    }


@pytest.mark.parametrize("page", [p for p in STUDIES if p.name not in NOT_STUDIES], ids=lambda p: p.stem)
def test_no_number_in_a_table_of_a_case_study_is_typed_by_hand(page):
    text = page.read_text("utf-8")
    assert text.count(MARK) >= 5
    rows = [line for line in text.splitlines() if line.startswith("| ") and not re.fullmatch(r"[| -]+", line)]
    typed = [
        cell
        for row, after in zip(rows, [*rows[1:], ""], strict=True)
        for cell in row.strip("|").split("|")[1:]
        if re.search(r"\d", cell) and MARK not in cell and not is_head(row, after, text)
    ]
    assert not typed


def is_head(row, after, text):
    del after
    return f"{row}\n| ---" in text


@pytest.mark.parametrize("page", [p for p in STUDIES if p.name not in NOT_STUDIES], ids=lambda p: p.stem)
def test_a_case_study_has_the_six_headings_and_a_command_that_repeats_it(page):
    text = page.read_text("utf-8")
    wanted = ["Question", "Set-up", "What happened", "What we learned", "Limits of this evidence"]
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [head for head in heads if head in wanted] == wanted
    assert re.search(r"^\$ python website/cases/run\.py \S+$", text, re.MULTILINE)


def test_results_hold_nothing_of_the_machine_they_were_made_on():
    for name in NAMES:
        text = (CASES / name / "result.json").read_text("utf-8")
        assert str(Path.home()) + "/" not in text, name
        assert not re.search(r"massgen-case-|\\u001b", text), name


def test_a_mark_without_a_figure_is_an_error(pages, results):
    with pytest.raises(LookupError, match="no figures pair:nothing"):
        pages.updated("1{/* =pair:nothing */}", results)


def test_a_mark_takes_the_figure_as_pages_show_it(pages):
    results = {
        "c": {"figures": {"n": 1234, "s": 63.14, "b": True}, "excerpts": {"log": ["a", "b"]}, "files": {}}
    }
    text = "0{/* =c:n */} 1.5{/* =c:s */} no{/* =c:b */}\n{/* excerpt c:log */}\n```text\nold\n```\n"
    assert pages.updated(text, results) == (
        "1,234{/* =c:n */} 63.1{/* =c:s */} yes{/* =c:b */}\n{/* excerpt c:log */}\n```text\na\nb\n```\n"
    )


def run(*arguments):
    command = [sys.executable, "-W", "ignore", str(CASES / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_list_has_every_case_with_its_question():
    listed = [line.split(maxsplit=1) for line in run("--list").stdout.splitlines()]
    assert [name for name, _ in listed] == NAMES
    assert all(summary.endswith((".", "?")) for _, summary in listed)


def test_an_unknown_case_is_named_and_nothing_is_run():
    ended = run("nothing")
    assert ended.returncode == 2
    assert "There is no case 'nothing'; there are: " in ended.stdout


@pytest.mark.e2e
def test_the_smallest_case_runs_again():
    ended = run("--dry", "pair")
    assert ended.returncode == 0, ended.stderr
    figures = dict(line.split(maxsplit=1) for line in ended.stdout.splitlines())
    assert figures["pair.exit_code"] == "0"
    assert 5 <= int(figures["pair.requests"]) <= 8
