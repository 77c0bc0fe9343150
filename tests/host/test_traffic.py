"""Whose traffic a request is, and what the user is told of traffic that is not what it should be."""

from __future__ import annotations

import pytest

from massgen_plugins.events import Trouble
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.stream import Agent, Turn, current_turn
from massgen_plugins.providers.base import ModelRequest
from massgen_plugins.quota import Charge, Kind

GATEWAY = "https://gateway.example/openai/v1"
CHAT = "/chat/completions"
KEY = "sk-the-users-own-key"


@pytest.fixture
def heard(shared, monkeypatch):
    """Events that plugins hear of."""
    events = []
    monkeypatch.setattr(shared.plugins, "event", events.append)
    return events


@pytest.fixture
def in_turn(shared, said):
    """Runs a function in the turn of an agent of the provider that serves a backend."""

    def run(function, *args, backend="chatcompletion", base_url=None, **kwargs):
        governor = Governor({"rate_limit": {"store": "memory"}}, None, [], said.append)
        provider = shared.provider_of_backend(backend, base_url)
        token = current_turn.set(Turn(Agent("a0", "run1", provider, "m", "m", governor, base_url)))
        try:
            return function(*args, **kwargs), current_turn.get()
        finally:
            current_turn.reset(token)

    return run


def test_in_a_turn_the_agents_own_provider_is_asked_first(shared, in_turn):
    provider, turn = in_turn(shared.provider_for, "POST", GATEWAY + CHAT, base_url=GATEWAY)
    assert provider is turn.agent.provider


def test_of_its_base_url_nobody_else_is_asked(shared, in_turn):
    url = f"{GATEWAY}/messages"  # Anthropic's path
    assert shared.provider_for("POST", url) is not None
    assert in_turn(shared.provider_for, "POST", url, backend="gemini", base_url=GATEWAY)[0] is None


def test_a_tool_may_use_another_provider_even_at_the_same_gateway(shared, in_turn):
    url = "https://gateway.example/anthropic/v1/messages"
    assert in_turn(shared.provider_for, "POST", url, base_url=GATEWAY)[0].name == "anthropic"
    openai = f"https://api.openai.com/v1{CHAT}"
    assert in_turn(shared.provider_for, "POST", openai, backend="gemini")[0].name == "openai"


@pytest.mark.parametrize(
    "url", ["https://acme.example/v9/completion", "wss://acme.example/live", "grpc://acme.example:443"]
)
def test_traffic_that_nobody_reads_is_named_once(shared, heard, said, in_turn, url):
    for _ in range(3):
        _, turn = in_turn(shared.unrecognised, "POST", url)
        assert turn.calls == 1  # so that the turn's end does not say the same in other words
    assert heard == [Trouble(said[0])]
    assert "agent a0" in said[0]
    assert "acme.example" in said[0]
    assert "NOT limited" in said[0]


@pytest.mark.parametrize("url", ["https://hooks.example/notify", "https://[broken/completion"])
def test_other_traffic_and_broken_addresses_do_no_harm(shared, heard, in_turn, url):
    in_turn(shared.unrecognised, "POST", url)
    shared.unrecognised("POST", url)
    assert all("a host" in event.message for event in heard)


def test_outside_of_a_turn_nothing_is_said(shared, heard):
    shared.unrecognised("POST", "https://acme.example/v9/completion")
    assert heard == []


def test_an_agent_that_answers_unseen_is_named_once(shared, heard, in_turn):
    for _ in range(3):
        in_turn(lambda: shared.unseen(current_turn.get().agent))
    (trouble,) = heard
    assert "agent a0" in trouble.message
    assert "WITHOUT limits" in trouble.message


def sends(shared, in_turn, host, key=KEY, times=1):
    request = ModelRequest("m", "m", key, host, {Kind.REQUESTS: Charge(1)}, stream=True, host=host)
    for _ in range(times):
        in_turn(
            lambda: shared.open_call(
                current_turn.get().agent.provider, request, urgent=False, repeatable=True
            )
        )


def test_openais_key_at_a_strange_host_is_said_once_without_the_key(shared, heard, in_turn, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    sends(shared, in_turn, "acme.example", times=3)
    (trouble,) = heard
    assert "OPENAI_API_KEY" in trouble.message
    assert "acme.example" in trouble.message
    assert KEY not in trouble.message


@pytest.mark.parametrize(
    ("host", "key"),
    [
        *(
            (host, KEY)
            for host in ("api.openai.com", "eu.api.openai.com", "127.0.0.1", "::1", "localhost", "")
        ),
        ("acme.example", "another key"),
        ("my-own-gateway.example", KEY),
    ],
)
def test_a_key_where_it_belongs_is_no_trouble(shared, in_turn, monkeypatch, host, key):
    heard = []
    monkeypatch.setattr(shared.plugins, "event", heard.append)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "https://my-own-gateway.example/v1")
    sends(shared, in_turn, host, key)
    assert heard == []


def test_a_host_that_only_looks_like_openais(shared, heard, in_turn, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for host in ("evilopenai.com", "api.openai.com.evil.example"):
        sends(shared, in_turn, host)
    assert len(heard) == 2
