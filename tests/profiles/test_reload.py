from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles import SettingsSource

from .conftest import write


def rpm(source: SettingsSource) -> int:
    return source.settings.rules("gemini", "gemini-2.5-flash").limits[0].amount


@pytest.fixture
def user_file(config_dir: Path) -> Path:
    return config_dir / "rate_limit.yaml"


def override(amount: int) -> str:
    return f"models: {{gemini-2.5-flash: {{rpm: {amount}}}}}\n"


def test_a_file_that_comes_changes_or_goes_is_seen(user_file: Path) -> None:
    source = SettingsSource(None)
    assert not source.changed()
    for text, expected in ((override(5), 5), (override(4), 4), (override(40), 40)):
        write(user_file, text)
        assert source.changed()
        source.reload()
        assert not source.changed()
        assert rpm(source) == expected
    user_file.unlink()
    assert source.changed()
    assert source.reload().rules("gemini", "gemini-2.5-flash").limits[0].amount == 9


def test_the_project_and_profile_directories_are_watched_too(config_dir: Path, project: Path) -> None:
    source = SettingsSource(None)
    path = write(
        config_dir / "profiles" / "x.yaml", "provider: gemini\nprofiles: {x: {fallback: {rpm: 1}}}\n"
    )
    assert source.changed()
    source.reload()
    write(path, "provider: gemini\nprofiles: {x: {default: true, fallback: {rpm: 1}}}\n")
    assert source.changed()
    source.reload()
    assert rpm(source) == 1
    write(project / ".massgen/rate_limit.yaml", override(2))
    assert source.changed()
    source.reload()
    assert rpm(source) == 2
    shutil.rmtree(config_dir)
    assert source.changed()


def test_a_broken_edit_is_reported_once_and_changes_nothing(user_file: Path) -> None:
    write(user_file, override(5))
    source = SettingsSource(None)
    write(user_file, "models: [")
    assert source.changed()
    with pytest.raises(ConfigurationError, match="not valid YAML"):
        source.reload()
    assert rpm(source) == 5
    assert not source.changed()
    write(user_file, "models: [")
    assert source.changed()
    assert source.reload() is source.settings
    write(user_file, override(6))
    source.reload()
    assert rpm(source) == 6
    write(user_file, "models: [")
    with pytest.raises(ConfigurationError):
        source.reload()


def test_the_runs_own_layer_stays_and_is_not_changed_from_outside(user_file: Path) -> None:
    configuration = {"rate_limit": {"models": {"gemini-2.5-flash": {"rpm": 3}}}}
    source = SettingsSource(configuration)
    configuration["rate_limit"]["models"]["gemini-2.5-flash"]["rpm"] = 99
    write(user_file, override(5))
    source.reload()
    assert rpm(source) == 3


def test_a_source_that_cannot_be_read_at_first_is_an_error(user_file: Path) -> None:
    write(user_file, "max_wait: no\n")
    with pytest.raises(ConfigurationError):
        SettingsSource(None)


def test_looking_reads_no_file(user_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(user_file, override(5))
    source = SettingsSource(None)
    monkeypatch.setattr("massgen_plugins.profiles.loading.load_yaml", None)
    monkeypatch.setattr("massgen_plugins.profiles.search.load_yaml", None)
    assert not source.changed()
