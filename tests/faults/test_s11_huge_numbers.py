"""S11: a huge number is a bad value like any other: a sentence, and no run without limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from massgen_plugins.errors import ConfigurationError

from .bed import bed, limits
from .command_line import rl
from .server import CountingServer

HUGE = [10**400, -(10**400), 10**4299]
KEYS = ["rpm", "tpm", "rpd", "cooldown"]


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize("key", KEYS)
def test_on_the_command_line(tmp_path: Path, key: str, digits: int) -> None:
    ran = rl(tmp_path, "profiles", "set", "m", f"{key}=1{'0' * digits}")
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert f"m.{key}" in ran.stderr
    assert len(ran.stderr) < 400


@pytest.mark.parametrize("value", HUGE, ids=["huge", "negative", "longest"])
@pytest.mark.parametrize("key", ["max_wait", "safety_margin", *KEYS])
def test_in_the_settings_of_a_run(server: CountingServer, tmp_path: Path, key: str, value: int) -> None:
    own = {"models": {"gemini-*": {key: value}}} if key in KEYS else {key: value}
    settings = {**limits(tmp_path / "quota.sqlite3"), **own}
    with pytest.raises(ConfigurationError, match=key), bed(server, settings):
        pass
    assert server.arrived == 0


@pytest.mark.parametrize("digits", [400, 5000])
def test_in_a_file(tmp_path: Path, digits: int) -> None:
    (tmp_path / ".massgen").mkdir()
    text = f"max_wait: 1{'0' * digits}\n"
    (tmp_path / ".massgen" / "rate_limit.yaml").write_text(text, "utf-8")
    ran = rl(tmp_path, "status")
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert "rate_limit.yaml" in ran.stderr
