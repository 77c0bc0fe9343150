"""Which requests are calls to admit: those of agents that are on, and those that spend the same scope."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from massgen_plugins.errors import CallRefused, ConfigurationError
from massgen_plugins.events import BudgetMark, CallTurnedAway, ModelReplaced, Trouble
from massgen_plugins.hookspecs import hookimpl
from massgen_plugins.host import runtime as runtime_module
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.runtime import Runtime
from massgen_plugins.host.stream import Agent, Turn, current_turn
from massgen_plugins.manager import build_manager
from massgen_plugins.providers.base import ModelRequest
from massgen_plugins.providers.gemini.provider import GeminiProvider
from massgen_plugins.quota import Charge, Domain, Kind, Pool

FLASH = "gemini-2.5-flash"
PRO = "gemini-2.5-pro"
GEMINI = GeminiProvider()
ONE = {Kind.REQUESTS: Charge(1)}
MODEL_URL = f"https://generativelanguage.googleapis.com/v1beta/models/{FLASH}:generateContent"


@pytest.fixture
def governor(tmp_path, said):
    block = {"agents": [], "rate_limit": {"store": str(tmp_path / "quota.sqlite3")}}
    return Governor(block, None, [], said.append)


@pytest.fixture
def turn(governor):
    """Runs a function in the turn of an agent that is on."""
    agent = Agent("a0", "run1", GEMINI, FLASH, FLASH, governor)

    def run(function, *args):
        token = current_turn.set(Turn(agent))
        try:
            return function(*args)
        finally:
            current_turn.reset(token)

    return run


@pytest.fixture
def open_call(shared):
    def ask(model=FLASH, key="secret", endpoint="", provider="gemini"):
        request = ModelRequest(model, model, key, endpoint, ONE, stream=True)
        return shared.open_call(SimpleNamespace(name=provider), request, urgent=False, repeatable=True)

    return ask


def test_a_spent_day_is_said_in_full_once_in_a_run(shared, turn, open_call, monkeypatch):
    events = []
    monkeypatch.setattr(shared, "emit", events.append)
    whole = "massgen-plugins: the daily limit is used up. It resets at 08:00. Use another model."
    short = "massgen-plugins: the daily limit is used up."
    told = []
    for run in ("run1", "run1", "run1", "run2"):
        error = CallRefused(whole)
        turn(shared.refused, replace(turn(open_call), run=run), error)
        told.append(str(error))
    assert told == [whole, short, short, whole]
    assert [event.message for event in events] == [whole] * 4


def test_a_call_in_an_agents_turn_is_its_own(turn, open_call):
    call = turn(open_call)
    assert (call.agent_id, call.run) == ("a0", "run1")
    assert (call.domain.provider, call.model, call.pools[0]) == ("gemini", FLASH, FLASH)
    assert "secret" not in str(call)


def test_a_call_outside_of_any_turn_is_admitted_only_if_it_spends_the_account_of_an_agent(turn, open_call):
    assert open_call() is None
    domain = turn(open_call).domain
    assert open_call().domain == domain
    assert open_call().agent_id is None
    assert open_call(model=PRO).pools[0] == PRO
    assert open_call(key="another") is None
    assert open_call(endpoint="127.0.0.1:80") is None


def test_another_provider_in_the_turn_is_limited_under_the_account_that_it_uses(turn, open_call):
    own = turn(open_call)
    tools = turn(open_call, "gpt-5", "another secret", "", "openai")
    assert tools.domain.provider == "openai"
    assert tools.domain.account != own.domain.account
    assert tools.agent_id == "a0"
    assert open_call("gpt-5", "another secret", "", "openai").domain == tools.domain
    assert open_call("gpt-5", "secret", "", "openai") is None


def test_the_users_name_of_an_account_is_that_of_the_provider_that_is_called(open_call, tmp_path, said):
    block = {"rate_limit": {"store": "memory", "account": {"gemini": "team"}}}
    agent = Agent("a0", "run1", GEMINI, FLASH, FLASH, Governor(block, None, [], said.append))
    token = current_turn.set(Turn(agent))
    own, tools = open_call(), open_call("gpt-5", "another", "", "openai")
    current_turn.reset(token)
    assert own.domain == Domain("gemini", "team")
    assert tools.domain.account.startswith("key-")


def test_one_account_for_two_keys_of_a_project(shared, open_call, tmp_path, said):
    block = {"rate_limit": {"store": str(tmp_path / "q.sqlite3"), "account": "team"}}
    agent = Agent("a0", "run1", GEMINI, FLASH, FLASH, Governor(block, None, [], said.append))
    token = current_turn.set(Turn(agent))
    domains = {open_call(key=key).domain for key in ("one", "two")}
    current_turn.reset(token)
    assert domains == {Domain("gemini", "team")}
    assert open_call(key="two").domain in domains


def test_the_same_key_has_the_same_account_in_another_process(turn, open_call, shared, said):
    first = turn(open_call).domain
    other = Runtime(build_manager(said.append, with_entry_points=False))
    request = ModelRequest(FLASH, FLASH, "secret", "", ONE, stream=True)
    again = turn(lambda: other.open_call(GEMINI, request, urgent=False, repeatable=True))
    assert again.domain == first


def test_half_a_character_in_a_name_can_be_stored(turn, open_call):
    call = turn(open_call, "m\ud800", "k", "h\ud800")
    assert str(Pool(call.domain, call.pools[0])).encode()


def test_the_middleware_reads_settings_and_rules_of_a_domain(turn, open_call, shared, tmp_path):
    domain = turn(open_call).domain
    assert shared.settings(domain)["store"] == str(tmp_path / "quota.sqlite3")
    with pytest.raises(TypeError):
        shared.settings(domain)["store"] = "memory"
    assert shared.rules(Pool(domain, FLASH)).profile == "gemini-seed"
    unknown = turn(open_call, "gpt-5", "k", "", "acme").domain
    assert shared.rules(Pool(unknown, "gpt-5")) is None


def test_a_refusal_is_told_on_the_terminal_and_at_the_end(turn, open_call, shared, said, monkeypatch):
    last = []
    monkeypatch.setattr(runtime_module.reports, "at_exit", lambda subject, words: last.append(words))
    heard = []
    monkeypatch.setattr(shared.plugins, "event", heard.append)
    call = turn(open_call)
    for _ in range(2):
        turn(shared.refused, call, CallRefused("massgen-plugins: the day is over."))
    assert said == ["massgen-plugins: the day is over."]
    assert set(last) == {"massgen-plugins: the day is over."}
    assert [type(event) for event in heard] == [CallTurnedAway, CallTurnedAway]


def test_a_refusal_by_a_budget_names_its_pool(turn, open_call, shared, said, monkeypatch):
    heard = []
    monkeypatch.setattr(shared.plugins, "event", heard.append)
    pool = Pool(Domain("budget", "run1"), "run")
    turn(shared.refused, turn(open_call), CallRefused("spent", pool=pool, resets_at=5.0))
    assert [(event.pool, event.resets_at) for event in heard] == [(pool, 5.0)]


def test_marks_and_replaced_models_are_shown_once(shared, said):
    for _ in range(2):
        shared.emit(BudgetMark(Pool(Domain("budget", "run1"), "run"), "run", 50, 1, 2, "half is spent"))
        shared.emit(ModelReplaced("a0", "run1", "dear", "cheap", "a0 goes on with cheap"))
    assert said == ["half is spent", "a0 goes on with cheap"]


def test_faults_are_told_once_and_wrong_settings_in_their_own_words(shared, said):
    for _ in range(2):
        shared.fault("open_call", RuntimeError("key=oops"))
        shared.fault("before_call", ConfigurationError("No profile limits 'gemini'."))
    assert len(said) == 2
    assert said[0] == "an internal error in open_call, one call was not limited: RuntimeError."
    assert said[1] == "No profile limits 'gemini'."


class Bad(GeminiProvider):
    """Fails at everything that the host asks."""

    name = "bad"

    def is_model_call(self, method, url):
        raise LookupError("not today")

    def serves(self, backend_type, base_url):
        raise LookupError("not today")

    def resolve_model(self, model):
        raise LookupError("not today")


def test_a_provider_that_fails_does_not_hide_the_others(said):
    plugin = SimpleNamespace(massgen_provider=hookimpl(lambda: Bad()))  # noqa: PLW0108 - pluggy wants a function
    shared = Runtime(build_manager(said.append, extra=[plugin], with_entry_points=False))
    for _ in range(2):
        assert shared.provider_for("POST", MODEL_URL).name == "gemini"
        assert shared.provider_of_backend("gemini", None).name == "gemini"
        assert shared.resolve_model(Bad(), "a model") == "a model"
    assert len(said) == 3
    places = ("provider bad.is_model_call", "provider bad.serves", "resolve_model of bad")
    for place, sentence in zip(places, said, strict=True):
        assert place in sentence
        assert "not today" not in sentence


def test_a_wire_that_cannot_be_opened_is_tried_again_by_the_next_run(monkeypatch, said):
    tries = []

    def install(gate):
        tries.append(gate)
        if len(tries) == 1:
            raise RuntimeError("no wire")

    monkeypatch.setattr(runtime_module.wire, "install", install)
    with pytest.raises(RuntimeError, match="no wire"):
        runtime_module.runtime()
    assert runtime_module.runtime() is tries[1]
    assert runtime_module.runtime() is tries[1]


def test_plugins_hear_of_events(said, tmp_path):
    heard = []

    def massgen_event(event):
        heard.append(event)

    plugin = SimpleNamespace(massgen_event=hookimpl(massgen_event))
    shared = Runtime(build_manager(said.append, extra=[plugin], with_entry_points=False))
    shared.emit(Trouble("something"))
    assert heard == [Trouble("something")]
