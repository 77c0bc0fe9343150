"""Agents whose traffic nobody reads are named in a warning, in `status` and in `doctor`."""

from __future__ import annotations

import os
import stat
import threading

import pytest

from massgen_plugins.host import unlimited


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(unlimited, "default_store_path", lambda: tmp_path / "state" / "quota.sqlite3")
    return tmp_path / "state" / "unlimited.json"


def remember(*pairs):
    for agent, way in pairs:
        unlimited.remember(agent, way)
        for thread in threading.enumerate():
            if thread.name == "massgen-plugins-unlimited":
                thread.join(10)


@pytest.mark.parametrize(
    ("url", "way", "cure"),
    [
        ("https://acme.example/v9/completion?key=secret", "requests to acme.example", "write one"),
        ("wss://api.openai.com/v1/responses", "a web socket to api.openai.com", "websocket_mode"),
        ("ws://127.0.0.1:8000/v1", "a web socket to 127.0.0.1", "websocket_mode"),
        ("grpc://api.x.ai:443", "gRPC to api.x.ai", "another provider"),
        ("https://[broken/completion", "requests to a host", "write one"),
        ("https://user:password@acme.example/completion", "requests to acme.example", "write one"),
    ],
)
def test_the_way_is_named_without_what_is_secret_in_a_url(url, way, cure):
    assert unlimited.way_of(url) == way
    assert cure in unlimited.cure_of(way)


def test_the_latest_come_first_and_each_once(file):
    remember(("a0", "requests to x"), ("a1", "gRPC to y"), ("a0", "requests to x"))
    assert [(each.agent, each.way) for each in unlimited.remembered()] == [
        ("a0", "requests to x"),
        ("a1", "gRPC to y"),
    ]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_they_are_forgotten_after_a_day(monkeypatch):
    remember(("a0", "requests to x"))
    monkeypatch.setattr(unlimited, "_KEPT_FOR", 0)
    assert unlimited.remembered() == []


def test_no_more_than_twenty_are_kept():
    remember(*((f"a{number}", "requests to x") for number in range(25)))
    assert len(unlimited.remembered()) == 20


@pytest.mark.parametrize("text", ["", "no JSON", "{}", "[[1]]", "[" * 5_000, '[["a", "b", "soon"]]', "7"])
def test_a_damaged_file_does_no_harm(file, text):
    file.parent.mkdir()
    file.write_text(text)
    assert unlimited.remembered() == []
    remember(("a0", "requests to x"))
    assert len(unlimited.remembered()) == 1


def test_without_a_home_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(unlimited, "default_store_path", lambda: None)
    remember(("a0", "requests to x"))
    assert unlimited.remembered() == []
