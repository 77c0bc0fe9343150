"""What a run of the real MassGen cost: by its record, by the server's bill, and by MassGen itself."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from harness import FLASH, Team, User

from massgen_plugins.calls.query import Record
from massgen_plugins.sandbox import SandboxConfig, SandboxProcess
from massgen_plugins.sandbox.prices import Price

pytestmark = pytest.mark.e2e

PRICE = {"input": 0.3, "cached": 0.03, "output": 2.5}
PROFILE = {
    "provider": "gemini",
    "profiles": {"priced": {"fallback": {"rpm": 100_000}, "prices": {FLASH: PRICE}, "date": "2026-11-30"}},
}


def test_a_run_is_billed_as_it_is_recorded_and_massgens_own_figure_stands_beside(folder):
    price = Price(input=Decimal("0.3"), cached=Decimal("0.03"), output=Decimal("2.5"))
    config = SandboxConfig(prices={"*": price}, cached_share=0.4, reasoning_tokens=50)
    with SandboxProcess(config) as server:
        user = User(folder, server.url)
        settings = {"define": [PROFILE], "profile": "priced", "cooldown_mode": "off"}
        result = user.run(Team.of(3, rate_limit=settings))
        report = server.report()
    record = Record(user.store.with_name("calls.sqlite3"))
    (total,) = record.totals()
    assert total.answered == sum(each.served for each in report.requests)
    assert total.cost == report.bill
    (run,) = record.runs()
    assert run.file == str(user.project / "team1.yaml")
    assert result.logs is not None
    assert str(result.logs).startswith(run.log_dir)
    assert {each.key["agent"] for each in record.totals(by=["agent"])} == {"a0", "a1", "a2"}
    with user.command("massgen-rl", "cost", "--json") as command:
        (group,) = json.loads(command.finish().stdout)["groups"]
    print(f"\nrecord {group['cost']}, MassGen {group['massgen']}")
    assert group["cost"] == pytest.approx(float(report.bill) / 1e6)
    assert group["massgen"]["cost"] == pytest.approx(result.status["costs"]["total_estimated_cost"])
    assert "counts an answer again for each event that reports its usage" in group["massgen"]["reason"]
