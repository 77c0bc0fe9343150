"""Which stores settings may name, and what holds for a user without a home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from massgen_plugins.profiles import at_start
from massgen_plugins.profiles.at_start import CONFIG_DIR_VARIABLE, STORES_VARIABLE
from massgen_plugins.profiles.places import default_store_path

from .conftest import limits, load, refusal, write


@pytest.mark.parametrize(
    "address",
    [
        "redis://localhost",
        "redis://10.0.0.7:6380/3",
        "rediss://cache.example.org:6379/0",
        "redis://[::1]:6379",
    ],
)
def test_a_store_may_be_a_redis_server_that_the_user_has_named(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_start, "_values", {STORES_VARIABLE: address, CONFIG_DIR_VARIABLE: ""})
    settings = load({"store": address})
    assert settings.store == settings.to_mapping()["store"] == address


def test_a_server_that_only_the_team_names_is_refused_at_its_place(project: Path, config_dir: Path) -> None:
    path = write(project / ".massgen/rate_limit.yaml", "max_wait: 5\nstore: redis://theirs\n")
    sentence = refusal(None)
    assert sentence.startswith(f"{path}, line 2, column 1, key 'store': a server is sent your Redis password")
    assert f"{config_dir}/rate_limit.yaml, as allow_stores: [redis://HOST:6379]" in sentence
    write(config_dir / "rate_limit.yaml", "allow_stores: ['redis://THEIRS:6379/2']\n")
    assert load().store == "redis://theirs"
    assert "key 'rate_limit.allow_stores': this key counts in your own settings only" in refusal(
        {"allow_stores": ["redis://theirs"]}
    )


def test_a_file_of_variables_that_is_read_after_the_start_allows_nothing(project: Path) -> None:
    write(project / ".massgen/rate_limit.yaml", "store: redis://theirs\n")
    script = (
        "import os, types\n"
        "from massgen_plugins.host.attach import attach\n"
        "attach(types.ModuleType('massgen.backend'))\n"
        "os.environ['MASSGEN_RATE_LIMIT_ALLOW_STORES'] = 'redis://theirs'\n"
        "from massgen_plugins.errors import ConfigurationError\n"
        "from massgen_plugins.profiles import load_settings\n"
        "try:\n    load_settings(None)\n"
        "except ConfigurationError:\n    raise SystemExit(0)\n"
        "raise SystemExit(1)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == 0


@pytest.mark.parametrize(
    ("address", "cure"),
    [
        ("redis://:hunter2@host/0", "MASSGEN_RATE_LIMIT_REDIS_PASSWORD"),
        ("rediss://user:hunter2@host", "MASSGEN_RATE_LIMIT_REDIS_PASSWORD"),
        ("redis://host:6379/0?password=hunter2", "redis://HOST:6379/0"),
        ("redis://host:99999", "redis://HOST:6379/0"),
        ("redis://", "redis://HOST:6379/0"),
        ("redis://host/queue", "redis://HOST:6379/0"),
    ],
)
def test_what_is_no_address_is_refused_in_one_sentence_without_its_password(address: str, cure: str) -> None:
    sentence = refusal({"store": address})
    assert cure in sentence
    assert "hunter2" not in sentence


def test_a_store_is_memory_or_an_absolute_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load({"store": "memory"}).store == "memory"
    assert load({"store": "~/q.db"}).store == f"{tmp_path}/q.db"
    assert load({"store": "sqlite"}).store == str(default_store_path())


@pytest.mark.usefixtures("homeless")
def test_without_a_home_everything_works_and_the_user_is_told() -> None:
    settings = load()
    assert limits(settings)["requests/60s"] == 9
    assert settings.store == "memory"
    assert len(settings.notes) == 1
    assert load({"store": "memory"}).notes == ()
    assert "begins with / or ~/" in refusal({"store": "~/q.db"})


def test_a_home_that_nobody_can_enter_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASSGEN_PLUGINS_CONFIG_DIR")
    monkeypatch.setenv("HOME", "/proc/nobody")
    assert limits(load())["requests/60s"] == 9


def test_a_config_dir_that_is_relative_or_a_file_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MASSGEN_PLUGINS_CONFIG_DIR", "here")
    assert refusal(None).startswith("MASSGEN_PLUGINS_CONFIG_DIR: 'here' is not an absolute path")
    monkeypatch.setenv("MASSGEN_PLUGINS_CONFIG_DIR", str(write(tmp_path / "file", "")))
    assert "is not a directory" in refusal(None)


def test_a_removed_working_directory_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert limits(load())["requests/60s"] == 9
