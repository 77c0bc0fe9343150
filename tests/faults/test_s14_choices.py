"""S14: a choice or a place that means nothing, or means no limits, is said."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.host import reports, runtime
from massgen_plugins.host.enabling import Plan

from .command_line import rl


def test_a_run_whose_limiter_is_blocked_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(reports, "log_warning", said.append)
    monkeypatch.setattr(reports, "_said", set())
    monkeypatch.setattr(runtime, "_runtime", None)
    monkeypatch.setenv("MASSGEN_PLUGINS_BLOCK", "rate_limit")
    try:
        Plan.of({"rate_limit": {"store": "memory"}}, None, None).enable({})
    finally:
        from massgen_plugins import wire

        wire.uninstall()
    assert [line for line in said if "MASSGEN_PLUGINS_BLOCK" in line and "WITHOUT limits" in line]


@pytest.mark.parametrize("kind", ["a file", "a loop"])
def test_a_configuration_directory_that_cannot_be_one(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "config"
    if kind == "a file":
        place.write_text("", "utf-8")
    else:
        place.symlink_to(place)
    ran = rl(tmp_path, "status", MASSGEN_PLUGINS_CONFIG_DIR=str(place))
    assert ran.returncode == 2
    assert str(place) in ran.stderr


@pytest.mark.parametrize("name", ["/proc/self/status", "/proc/cpuinfo", "notes.txt"])
def test_a_store_that_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("of the user\n", "utf-8")
    ran = rl(tmp_path, "status", "--store", name)
    assert ran.returncode == 2
    assert "is not a store" in ran.stderr
    assert "No call was limited" not in ran.stdout + ran.stderr


def test_settings_that_break_us_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that asked for limits does not start without them."""
    from massgen_plugins.host import governor

    def broken(*_: object, **__: object) -> None:
        raise OverflowError("int too large")

    monkeypatch.setattr(governor, "SettingsSource", broken)
    with pytest.raises(ConfigurationError, match="OverflowError") as error:
        governor.Governor({"rate_limit": {}}, None, [], SimpleNamespace().__init__)
    assert "too large" not in str(error.value)
