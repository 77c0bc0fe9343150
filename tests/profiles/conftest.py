"""Every test has a configuration directory, a project and profile directories of its own."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles import Settings, at_start, load_settings
from massgen_plugins.profiles.places import CONFIG_DIR_VARIABLE, Places, find_places

FLASH = "gemini-2.5-flash"


@pytest.fixture(autouse=True)
def config_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "config"
    monkeypatch.setenv(CONFIG_DIR_VARIABLE, str(directory))
    # Whatever a test does to the variables, it must not reach the home of whoever runs it.
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(at_start, "_values", {})  # later tests have what they began with
    at_start.remember_environment()
    return directory


@pytest.fixture
def homeless(config_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user has no home in the environment, and the system knows of none."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_STATE_HOME", CONFIG_DIR_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "project"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def places() -> Places:
    return find_places()


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(block: object = None, **options: object) -> Settings:
    return load_settings(None if block is None else {"agents": [], "rate_limit": block}, **options)


def limits(settings: Settings, model: str = FLASH, provider: str = "gemini") -> dict[str, int]:
    return {limit.key: limit.amount for limit in settings.rules(provider, model).limits}


def refusal(block: object, **options: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(block, **options).rules("gemini", FLASH)
    return str(caught.value)
