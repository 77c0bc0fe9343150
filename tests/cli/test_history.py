"""``massgen-rl history`` and ``report``: what was called, and a page to show others."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from massgen_plugins.calls.record_file import RecordFile
from tests.handbook.checks import tools
from tests.handbook.checks.building import GIVEN
from tests.handbook.checks.places import WEBSITE

COST = 2_000_000_000  # 2,000 micro-dollars, as the record keeps them
RUN = "20261130-104912-4649"
OLD_RUN = "20261127-080000-77"


def call(at, **changes):
    """A row of the record."""
    row = {
        "time": at,
        "run": RUN,
        "agent": "Ada",
        "model": "gemini-2.5-flash",
        "requested": "gemini-2.5-flash",
        "provider": "gemini",
        "account": "research",
        "endpoint": "",
        "number": 1,
        "attempt": 1,
        "waited": 0.0,
        "seconds": 3.0,
        "status": 200,
        "outcome": "answered",
        "tokens": (7000, 300),
        "cost": COST,
    } | changes
    tokens = row.pop("tokens")
    cost = row.pop("cost")
    counts = (None,) * 7 if tokens is None else (*tokens, 0, 0, 0, 0, 0)
    return (*row.values(), *counts, cost, "", "p", "2026-11-01")


@pytest.fixture
def recorded(store_file: Path):
    """Two runs: one of minutes ago with a refusal and a wait, and one of three days ago."""
    store_file.parent.mkdir(parents=True, exist_ok=True)
    file = RecordFile(store_file.with_name("calls.sqlite3"), 30, 256, print)
    now = time.time()
    rows = [
        call(now - 300),
        call(now - 299, agent="<b>Grace</b>", status=429, outcome="refused", tokens=None, cost=0),
        call(now - 238, agent="<b>Grace</b>", attempt=2, waited=60.5),
        call(now - 200, waited=35.0, cost=None, model="gemini-2.5-pro", requested="gemini-2.5-pro"),
        call(now - 100, attempt=0, status=0, outcome="turned away", tokens=None, cost=0),
        call(now - 3 * 86_400, run=OLD_RUN),
    ]
    runs = [
        (RUN, "/home/me/team.yaml", now - 301, ""),
        (OLD_RUN, "/home/me/old.yaml", now - 3 * 86_400, ""),
    ]
    file.append(runs, rows)
    file.close()
    return now


def test_without_a_record_it_says_so_and_makes_none(rl, home):
    ran = rl("history")
    assert (ran.code, ran.out) == (0, "")
    assert "No calls have been recorded since 7d" in ran.err
    assert rl("history", "--json").document["groups"] == []
    assert list(home.iterdir()) == []


def test_each_day_is_a_line_with_their_sum(rl, recorded):
    shown = rl("history").out.splitlines()
    assert shown[0].split() == [
        "day",
        "runs",
        "calls",
        "refused",
        "turned",
        "away",
        "waited",
        "tokens",
        "in",
        "out",
        "US",
        "dollars",
    ]
    today = next(line for line in shown if line.startswith(time.strftime("%Y-%m-%d")))
    assert today.split()[1:6] == ["1", "4", "1", "1", "1:36"]
    assert "0.0040 + ?" in today  # what is not known is no zero
    assert shown[3].split()[:3] == ["all", "2", "5"]
    assert "the price of 1 call is not known" in rl("history").out


def test_calls_turned_away_have_a_column_where_there_are_any(rl, recorded):
    assert "turned away" in rl("history").out.splitlines()[0]
    assert "turned away" not in rl("history", "--run", OLD_RUN).out.splitlines()[0]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("agent", {"Ada", "<b>Grace</b>"}),
        ("model", {"gemini-2.5-flash", "gemini-2.5-pro"}),
        ("run", {RUN, OLD_RUN}),
        ("file", {"/home/me/team.yaml", "/home/me/old.yaml"}),
    ],
)
def test_it_can_be_told_by(rl, recorded, by, names):
    groups = rl("history", "--by", by, "--json").document["groups"]
    assert {group[by] for group in groups} == names
    assert sum(group["calls"] for group in groups) == 5
    shown = rl("history", "--by", by).out
    assert all(name in shown for name in names)


def test_only_what_is_asked_for_is_counted(rl, recorded):
    def calls(*options):
        total = rl("history", "--json", *options).document["total"]
        return total and total["calls"]

    assert calls("--since", "1d") == 4
    assert calls("--since", "4m") == 2
    assert calls("--since", "all", "--run", OLD_RUN) == 1
    assert calls("--agent", "Ada", "--model", "gemini-2.5-pro") == 1
    assert calls("--agent", "nobody") is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--by", "dya"), "did you mean"),
        (("--since", "yesterdy"), "is not a point in time; write a span such as 7d"),
        (("--since", "AIza" + "x" * 35), "text that looks like an API key is not a point in time"),
    ],
)
def test_what_is_not_understood_is_one_sentence(rl, arguments, sentence):
    ran = rl("history", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


def test_a_record_that_is_damaged_is_a_sentence_for_people_and_programs(rl, recorded, store_file):
    store_file.with_name("calls.sqlite3").write_bytes(b"no database at all" * 500)
    ran = rl("history", "--json")
    assert ran.code == 1
    assert ran.document["exit_code"] == 1
    assert "calls.sqlite3" in ran.err


def test_no_record_is_kept_if_the_settings_say_so(rl, settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("record: false\n")
    assert rl("history").code == 2
    assert "record: false" in rl("report", "x.html").err


def test_how_long_the_day_lasts_is_told_by_the_last_hour(rl, recorded, spend):
    spend(calls=9)
    [day] = rl("history", "--json").document["days"]
    assert (day["used"], day["cap"], day["calls_last_hour"]) == (9, 245, 3)
    assert "at the last hour's pace of 3 calls it lasts until then" in " ".join(rl("history").out.split())


@pytest.mark.parametrize("width", [120, 80, 40])
def test_no_number_is_cut(rl, recorded, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for by in ("day", "run", "agent"):
        shown = rl("history", "--by", by).out
        assert max(map(len, shown.splitlines())) <= width
        assert "1:36" in shown


class Page(HTMLParser):
    """What is in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data

    def bars(self, kind: str) -> list[str]:
        found = [
            attrs for tag, attrs in self.tags if attrs.get("class") == f"bar {kind}" and "title" in attrs
        ]
        return [str(attrs["title"]) for attrs in found]


def test_a_report_shows_every_call_with_its_wait_and_its_outcome(rl, recorded, spend):
    spend()
    assert rl("report", "run.html").code == 0
    file = Path("run.html")
    assert file.stat().st_mode & 0o777 == 0o600
    page = Page(file.read_text())
    assert len(page.bars("answered")) == 3
    assert [re.sub(r"^.*: ", "", each) for each in page.bars("wait")] == ["waited 1:01", "waited 0:35"]
    assert "refused, status 429" in page.bars("refused")[0]
    assert len(page.bars("away")) == 1
    assert "<b>Grace</b>" in page.words  # as letters
    assert not {"script", "b", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert "requests per minute at most 2 of 9" in " ".join(page.words.split())
    assert "http" not in file.read_text().replace("http-equiv", "")


def test_names_and_paths_can_be_left_out(rl, recorded):
    shown = rl("report", "-", "--hide-names").out
    assert "Ada" not in shown
    assert "Grace" not in shown
    assert "team.yaml" not in shown
    assert "#1" in shown


def test_a_file_that_is_no_report_is_not_replaced(rl, recorded):
    Path("mine.html").write_text("precious")
    ran = rl("report", "mine.html")
    assert ran.code == 2
    assert "is not a report; --overwrite replaces it" in ran.err
    assert Path("mine.html").read_text() == "precious"
    assert rl("report", "mine.html", "--overwrite").code == rl("report", "mine.html").code == 0
    assert rl("report", "no/such/folder.html").code == 2
    assert rl("report", ".").code == 2


def test_a_run_that_is_not_there_is_named_with_those_that_are(rl, recorded):
    assert OLD_RUN in rl("report", "-", "--run", OLD_RUN).out
    ran = rl("report", "x.html", "--run", "2026")
    assert ran.code == 2
    assert "there is no such run" in ran.err


def test_without_a_run_there_is_no_report(rl):
    ran = rl("report", "x.html")
    assert ran.code == 2
    assert "no run is recorded yet" in ran.err


@pytest.mark.site
def test_a_report_is_fit_for_everybody_in_a_browser(rl, recorded, spend, tmp_path):
    """Wide and narrow, light and dark: contrast, names, no sideways scrolling, nothing from elsewhere."""
    spend()
    folder = tmp_path / "page"
    folder.mkdir()
    for name in ("index.html", "404.html"):
        assert rl("report", str(folder / name)).code == 0
    said = tools.run("node", ["browser.mjs"], cwd=WEBSITE / "checks", limit=300, **{GIVEN: str(folder)})
    assert "2 passed, 0 failed" in said
