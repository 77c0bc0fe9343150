"""A minute of the soak; ``make soak`` goes on for ten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.run import soak


@pytest.mark.e2e
def test_a_minute_under_faults_refuses_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    report = soak(tmp_path, 60, seed=7)
    assert report.refused == 0
    assert report.fullest <= 1
    assert report.intact == "ok"
    assert report.served > 60
    assert report.faults.get("kill", 0) > 0
