"""``massgen-rl why``: refusals of the past, and of every provider out of a file, in plain words."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from massgen_plugins.calls.refusal_entries import Keeper
from massgen_plugins.calls.refusals import RefusalLog, read_refusals, refusals_file
from massgen_plugins.cli.why_body import parse, read_by
from massgen_plugins.events import CallTurnedAway, LimitLearned, PenaltyStarted, ProviderRefused
from massgen_plugins.hookspecs import MiddlewareContext
from massgen_plugins.manager import build_manager
from massgen_plugins.profiles import load_settings
from massgen_plugins.rate_limit.stores.worker import AtOnce
from tests.cli.conftest import FLASH
from tests.cli.test_history import call, recorded
from tests.providers.every import DATE
from tests.providers.test_refusals import TABLE, body_of

RUN = "20261130-104912-4649"
REFUSED = ProviderRefused(
    FLASH, "window", 60.0, "Ada", RUN, 7, ("3 requests per minute",), "Quota exceeded for \x1b[31mmetric"
)
METRICS = "generativelanguage.googleapis.com"
GEMINI = {
    "error": {
        "code": 429,
        "message": "You exceeded your current quota. Please retry in 42.9s.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [
                    {
                        "quotaMetric": f"{METRICS}/generate_content_free_tier_requests",
                        "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                        "quotaDimensions": {"location": "global", "model": "gemini-2.5-flash"},
                        "quotaValue": "3",
                    }
                ],
            },
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "42s"},
        ],
    }
}
PROVIDERS = {each.name: each for each in build_manager(lambda _: None).providers()}


@pytest.fixture
def keeper(home):
    """Keeps events in the user's log, at once."""
    settings = load_settings(None)
    made = Keeper()
    made.context = MiddlewareContext(
        lambda _: None, lambda pool: settings.rules(pool.domain.provider, pool.name), lambda _: {}
    )
    worker = AtOnce()
    made._log = RefusalLog(refusals_file(), worker)

    def take(*events):
        for event in events:
            made.take(event)
        worker.do_chores()

    return take


def words(text: str) -> str:
    return " ".join(text.split())


def test_without_a_refusal_it_says_so_and_makes_nothing(rl, home):
    ran = rl("why")
    assert (ran.code, ran.out) == (0, "")
    assert "No refusal by a provider is known" in ran.err
    assert rl("why", "--json").document == {"refusal": None}
    assert list(home.iterdir()) == []


def test_the_last_refusal_is_told_from_what_it_said_to_what_to_do(rl, keeper, store_file):
    from massgen_plugins.calls.record_file import RecordFile

    keeper(
        REFUSED, LimitLearned(FLASH, "", ("3 requests per minute",)), PenaltyStarted(FLASH, 61.0, "window")
    )
    record = RecordFile(store_file.with_name("calls.sqlite3"), 30, 256, print)
    now = time.time()
    rows = [
        call(now - 61, number=7, status=429, outcome="refused", tokens=None),
        call(now, number=7, attempt=2, waited=61.0),
    ]
    record.append([(RUN, "", now - 99, "")], rows)
    record.close()
    said = words(rl("why").out)
    assert "the provider refused a call of Ada to gemini-2.5-flash (gemini/research)" in said
    assert '"Quota exceeded for \\x1b[31mmetric"; limit: 3 requests per minute; retry in 1:00' in said
    assert "we had 9 requests per minute, 245 requests per day, 240,000 input" in said
    assert (
        "we did learned 3 requests per minute for everybody who uses the key; no call was sent for 1:01;"
        in said
    )
    assert "waited 1:01 and sent it again (attempt 2): answered" in said
    assert (
        "It allows 3 requests per minute, but we assumed 9 requests per minute: this project's tier" in said
    )
    assert "`massgen-rl profiles --provider gemini`" in said
    document = rl("why", "last", "--json").document["refusal"]
    assert (document["kind"], document["agent"], document["retry_after"]) == ("window", "Ada", 60.0)
    assert document["means"]
    assert document["to_do"]


def test_what_was_learned_by_another_agents_refusal_at_the_same_time_is_told(rl, keeper):
    keeper(
        REFUSED, LimitLearned(FLASH, "", ("3 requests per minute",)), replace(REFUSED, agent_id="Bob", call=8)
    )
    assert "learned 3 requests per minute for everybody" in words(rl("why", "Bob").out)


def test_an_agent_is_asked_by_name(rl, keeper):
    keeper(REFUSED, CallTurnedAway(FLASH, "Bob", "the daily limit is used up.", RUN, 9, time.time() + 7230))
    assert "the provider refused a call of Ada" in rl("why", "Ada").out
    said = words(rl("why", "Bob").out)
    assert "we turned away a call of Bob" in said
    assert '"the daily limit is used up."; until ' in said
    assert "(in 2 h)" in said
    assert "or a budget ruled it out" in said  # a budget's call is turned away, too, and no wait would help
    assert "`massgen-rl budget` what is left" in said
    assert "we turned away" in rl("why").out  # the last of all
    ran = rl("why", "Adah")
    assert ran.code == 2
    assert "is neither a file nor an agent with a known refusal; did you mean 'Ada'?" in ran.err


def test_the_log_is_private_bounded_and_survives_what_is_no_entry(keeper, home):
    file = refusals_file()
    assert file is not None
    keeper(*[REFUSED] * 900)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_size <= 262_144
    file.write_bytes(b"no json\n[1]\n{}\n" + file.read_bytes()[:-20])
    entries = read_refusals(file)
    assert len(entries) > 100
    assert all(each["quote"] == REFUSED.quote for each in entries)


def test_nothing_is_kept_where_no_record_is_wanted(home):
    keeper = Keeper()
    keeper.context = MiddlewareContext(lambda _: None, lambda _: None, lambda _: {"record": {"keep": False}})
    keeper.take(REFUSED)
    keeper.close()
    assert list(home.iterdir()) == []


FORMS = {
    "body": json.dumps(GEMINI),
    "curl -i": f"HTTP/2 100 \r\n\r\nHTTP/2 429 \r\nserver: ESF\r\n\r\n{json.dumps(GEMINI)}",
    "exception of google-genai": f"429 RESOURCE_EXHAUSTED. {GEMINI}",
    "list": json.dumps([GEMINI]),
    "line of a log": f"2026-11-30 | ERROR | [Gemini] Error: 429 RESOURCE_EXHAUSTED. {GEMINI}\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_refusal_is_read_however_it_was_copied(rl, form):
    Path("refusal.txt").write_text(FORMS[form])
    for ran in (rl("why", "refusal.txt", "--json"), rl("why", "-", "--json", input=FORMS[form])):
        found = ran.document["refusal"]
        assert (found["provider"], found["model"], found["kind"]) == ("gemini", "gemini-2.5-flash", "window")
        assert (found["limits"], found["retry_after"]) == (["3 requests per minute"], 42.9)
        assert found["held"][0] == "9 requests per minute"
    said = words(rl("why", "refusal.txt").out)
    assert "we do adopts the limit if it is lower" in said
    assert "assumed that gemini wrote it (--provider NAME)" in said


def pasted(row):
    """An answer as `curl -i` prints it."""
    body = body_of(row)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {**DATE, **(row.get("headers") or {})}
    head = "".join(f"{key}: {value}\n" for key, value in headers.items())
    return parse(f"HTTP/1.1 {row['status']} No\n{head}\n".encode() + data)


@pytest.mark.parametrize(("name", "row"), TABLE)
def test_real_refusals_of_every_provider_are_read_by_its_own_reader(name, row):
    [found] = read_by(pasted(row), [PROVIDERS[name]])
    assert found.refusal.kind == row["means"]


def test_most_real_refusals_are_understood_without_being_told_whose_they_are():
    rows = [parameter.values[1] for parameter in TABLE]
    found = [read_by(pasted(row), PROVIDERS.values()) for row in rows]
    right = [each and each[0].refusal.kind == row["means"] for each, row in zip(found, rows, strict=True)]
    assert sum(right) >= 0.9 * len(TABLE)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (b"", "the input is empty"),
        (b" \n ", "the input is empty"),
        (b"\x00\x01", "is no text"),
        (b"x" * 1_000_001, "is larger than a megabyte"),
    ],
)
def test_wrong_input_is_one_sentence(rl, given, sentence):
    ran = rl("why", "-", input=given)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


def test_an_unknown_provider_is_named_with_those_that_are_known(rl):
    ran = rl("why", "-", "--provider", "opnai", input="{}")
    assert ran.code == 2
    assert "did you mean 'openai'?" in ran.err


def test_what_is_no_refusal_is_said_to_be_none(rl):
    body = '{"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}'
    ran = rl("why", "-", "--status", "401", input=body)
    assert (ran.code, ran.out) == (0, "")
    assert "No provider plugin knows this refusal" in ran.err
    unsaid = rl("why", "-", input=body)  # nothing in it says that it is one
    assert unsaid.out == ""
    assert "If you know its HTTP status, add --status CODE." in unsaid.err
    limit = (
        "Rate limit reached for gpt-4o on requests per min (RPM): Limit 3, Used 3. Please try again in 20s."
    )
    assert "assumed that its status was 429" in words(rl("why", "-", input=limit).out)


@pytest.mark.parametrize("width", [120, 80, 40, 24])
def test_it_fits_the_terminal(rl, keeper, monkeypatch, width):
    keeper(REFUSED)
    monkeypatch.setenv("COLUMNS", str(width))
    assert max(map(len, rl("why").out.splitlines())) <= width
