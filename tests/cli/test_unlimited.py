"""`status` and `doctor` name agents whose traffic nobody could read."""

from __future__ import annotations

import threading

import pytest

from massgen_plugins.host.unlimited import remember


@pytest.fixture
def seen() -> None:
    remember("a0", "a web socket to api.openai.com")
    for thread in threading.enumerate():
        if thread.name == "massgen-plugins-unlimited":
            thread.join(10)


@pytest.mark.usefixtures("seen")
def test_status_names_them(rl) -> None:
    ran = rl("status")
    assert "agent a0 ran WITHOUT limits: a web socket to api.openai.com" in " ".join(ran.err.split())
    assert "leave websocket_mode out" in " ".join(ran.err.split())


@pytest.mark.usefixtures("seen")
def test_so_does_its_document(rl) -> None:
    [row] = rl("status", "--json").document["unlimited"]
    assert (row["agent"], row["way"]) == ("a0", "a web socket to api.openai.com")


@pytest.mark.usefixtures("seen")
def test_the_doctor_says_what_to_do(rl) -> None:
    sections = rl("doctor", "--quick", "--json").document["sections"]
    [finding] = sections["traffic"]
    assert finding["mark"] == "warn"
    assert "a0" in finding["found"]
    assert "websocket_mode" in finding["cure"]


def test_where_all_is_well_nothing_is_said(rl) -> None:
    assert "WITHOUT" not in rl("status").err
    assert rl("status", "--json").document["unlimited"] == []
    [finding] = rl("doctor", "--quick", "--json").document["sections"]["traffic"]
    assert finding["mark"] == "ok"
