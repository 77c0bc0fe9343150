"""What Prometheus is told of quotas, waits and calls."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from massgen_plugins.calls.query import Record
from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.live.identity import birth_of, machine
from massgen_plugins.live.presence import Presence, WaitingCall
from massgen_plugins.metrics import QuotaCollector
from massgen_plugins.metrics.names import COUNTERS, GAUGES, HISTOGRAM
from massgen_plugins.quota import MINUTE, Domain, Limit, Pool, PoolRules
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.penalties import Penalties
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.viewing import PoolView, StoreView

ROOT = Path(__file__).parents[2]
NOW = 1_000_000.0
POOL = Pool(Domain("gemini", "mine"), "gemini-2.5-flash")
LIMIT = Limit("requests", 4, MINUTE)
LABELS = {"provider": "gemini", "account": "mine", "model": "gemini-2.5-flash"}


def view():
    rows = [LimitView(LIMIT, 4, 3, 51_000_000_000)]
    penalties = Penalties()
    penalties.pause = 12_000_000_000
    now = Moment(0, int(NOW * 1e9))
    return StoreView([PoolView(POOL, PoolRules((LIMIT,)), PoolRules((LIMIT,)), rows, penalties, (), 0, now)])


@pytest.fixture
def live(tmp_path):
    """One process of which two calls wait."""
    folder = tmp_path / "live"
    folder.mkdir()
    calls = tuple(
        WaitingCall(n, "run1", f"a{n}", POOL.name, "gemini", "mine", "", NOW, NOW + left, n, "", "limit")
        for n, left in ((1, 23.0), (2, 24.0))
    )
    pid = os.getpid()
    record = Presence(pid, "run1", "", "", NOW, NOW, waiting=calls, machine=machine(), birth=birth_of(pid))
    (folder / "1-abcd.json").write_text(record.as_json())
    return folder


def scraped(collector):
    registry = CollectorRegistry()
    registry.register(collector)
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def sample(values, name, **more):
    return values[f"massgen_rl_{name}", tuple(sorted({**LABELS, **more}.items()))]


def test_a_scrape_tells_of_the_store_and_of_who_waits(live):
    values = scraped(QuotaCollector(view, None, live, lambda: NOW))
    limit = {"limit": "requests/60s", "window": "minute"}
    assert [sample(values, name, **limit) for name in ("limit", "used", "remaining")] == [4, 3, 1]
    assert sample(values, "reset_seconds", **limit) == 51
    assert (sample(values, "waiting"), sample(values, "next_slot_seconds")) == (2, 23)
    assert (sample(values, "penalty_seconds"), sample(values, "paused")) == (12, 0)
    assert values["massgen_rl_processes", ()] == 1
    assert values["massgen_rl_store_up", ()] == 1


def test_a_store_that_cannot_be_read_is_down_and_the_rest_is_told(live):
    def away():
        raise StoreUnavailable("away")

    values = scraped(QuotaCollector(away, None, live, lambda: NOW))
    assert values["massgen_rl_store_up", ()] == 0
    assert sample(values, "waiting") == 2


def test_calls_of_this_day_are_counted(live, tmp_path, monkeypatch):
    asked = []

    def totals(self, question, by):
        from massgen_plugins.budget.usage import Tokens
        from massgen_plugins.calls.rows import Totals

        asked.append(question.since)
        made = Totals.__new__(Totals)
        values = {"calls": 5, "turned_away": 0, "unknown": 2, "cost": 30_000, "tokens": Tokens(100, 20)}
        for name, value in {**values, "key": {**LABELS, "outcome": "answered"}}.items():
            object.__setattr__(made, name, value)
        return [made]

    monkeypatch.setattr(Record, "totals", totals)
    monkeypatch.setattr(
        Record, "waits", lambda *_: [(tuple(LABELS.values()), [2, 0, 0, 1, *[0] * 6, 1], 70.0)]
    )
    values = scraped(QuotaCollector(view, tmp_path / "calls.sqlite3", live, lambda: NOW))
    assert asked == [950_400.0]  # midnight UTC
    assert sample(values, "calls_total", outcome="answered") == 5
    assert sample(values, "tokens_total", type="input") == 100
    assert sample(values, "cost_dollars_total") == pytest.approx(0.03)
    assert sample(values, "unpriced_calls_total") == 2
    assert [sample(values, "wait_seconds_bucket", le=le) for le in ("0.05", "5.0", "900.0", "+Inf")] == [
        2,
        3,
        3,
        4,
    ]
    assert (sample(values, "wait_seconds_count"), sample(values, "wait_seconds_sum")) == (4, 70)


def test_it_can_join_the_registry_of_a_program(live):
    registry = CollectorRegistry()
    collector = QuotaCollector(view, None, live, lambda: NOW)
    registry.register(collector)
    registry.unregister(collector)


KNOWN = {
    *GAUGES,
    *(f"{name}_total" for name in COUNTERS),
    *(f"{HISTOGRAM[0]}_{part}" for part in ("bucket", "count", "sum")),
}


def named(text):
    return set(re.findall(r"\bmassgen_rl_\w+", text))


def test_the_dashboard_and_the_rules_ask_for_metrics_that_exist():
    folder = ROOT / "website" / "static" / "monitoring"
    dashboard = json.loads((folder / "grafana-massgen-rl.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = yaml.safe_load((folder / "prometheus-massgen-rl.yml").read_text())
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert asked
    assert all(named(each) and named(each) <= KNOWN for each in asked)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--serve", "9464"], "is not an address"),
        (["--serve", "127.0.0.1:99999"], "is not an address"),
        (["--serve", "192.0.2.1:9464"], "--serve 192.0.2.1:9464: "),
    ],
)
def test_a_wrong_address_is_one_sentence(words, said):
    program = [sys.executable, "-c", "from massgen_plugins.cli import main; main()", "metrics"]
    done = subprocess.run([*program, *words], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_the_command_prints_metrics_without_any_store():
    program = [sys.executable, "-c", "from massgen_plugins.cli import main; main()", "metrics"]
    done = subprocess.run(program, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "massgen_rl_store_up 1.0" in done.stdout
    assert named(done.stdout)


def test_budgets_are_no_quotas():
    spent = Limit("spent", 5_000_000, MINUTE)
    pool, rules = Pool(Domain("budget", "all runs"), "all"), PoolRules((spent,))
    rows = [LimitView(spent, 5_000_000, 3, 0)]
    budget = PoolView(pool, rules, rules, rows, Penalties(), (), 0, Moment(0, int(NOW * 1e9)))
    text = scraped(QuotaCollector(lambda: StoreView([*view().pools, budget]), None, Path("/nowhere")))
    assert "gemini" in str(text)
    assert "budget" not in str(text)
