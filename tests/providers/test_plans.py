"""Plans: whose account a request is, what is used, and until when one is spent."""

from __future__ import annotations

import json

import pytest

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.providers.gemini.provider import GeminiProvider
from massgen_plugins.providers.plans import PlanUse, plan_use
from massgen_plugins.quota import ACCOUNT_POOL
from tests.providers.every import NOW, PROVIDERS, refusal_of, request_to

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def claude(token, user_id=None):
    body = {} if user_id is None else {"metadata": {"user_id": user_id}}
    return request_to("anthropic", body, {"authorization": f"Bearer {token}"}).credential


@pytest.mark.parametrize(
    "user_id", [f"user_abc_account_{UUID}_session_x", json.dumps({"account_uuid": UUID})]
)
def test_a_claude_plans_account_outlives_its_tokens(user_id):
    assert claude("sk-ant-oat01-a", user_id) == claude("sk-ant-oat01-b", user_id)
    assert UUID in claude("sk-ant-oat01-a", user_id)
    assert claude("sk-ant-oat01-a") == claude("sk-ant-oat01-b")


def test_keys_are_accounts_as_before():
    assert claude("sk-ant-api03-a") == "sk-ant-api03-a"
    assert request_to("openai", None, {"authorization": "Bearer sk-x"}).credential == "sk-x"


def test_a_chatgpt_plans_account_is_its_id():
    made = [
        request_to("openai", None, {"authorization": f"Bearer {token}", "chatgpt-account-id": "acc"})
        for token in ("one", "two")
    ]
    assert {each.credential for each in made} == {"chatgpt plan acc"}


def test_code_assist_names_model_and_project_inside_of_its_body():
    inner = {"contents": [{"parts": [{"text": "hello"}]}]}
    body = json.dumps({"model": "gemini-2.5-pro", "project": "mine", "request": inner}).encode()
    url = "https://cloudcode-pa.googleapis.com/v1internal:streamGenerateContent?alt=sse"
    assert GeminiProvider().is_model_call("POST", url)
    read = GeminiProvider().read_request(HttpRequest("POST", url, {"authorization": "Bearer ya29.x"}, body))
    assert (read.model, read.credential, read.stream) == ("gemini-2.5-pro", "code assist mine", True)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"model": 3, "request": 4, "project": 5}'])
def test_code_assist_may_be_broken(body):
    url = "https://cloudcode-pa.googleapis.com/v1internal:generateContent"
    assert GeminiProvider().read_request(HttpRequest("POST", url, {}, body)) is not None


def test_a_spent_claude_plan_is_spent_until_its_reset():
    headers = {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": str(NOW + 7_200),
    }
    message = "This request would exceed your account's rate limit."
    refusal = refusal_of(
        "anthropic", 429, {"error": {"type": "rate_limit_error", "message": message}}, headers
    )
    assert (refusal.kind, refusal.pool, refusal.until) == (RefusalKind.UNTIL, ACCOUNT_POOL, NOW + 7_200)
    assert refusal.quote.replace("\xa0", " ") == message


def test_a_refusal_that_passes_says_nothing_of_the_plan():
    message = "Server is temporarily limiting requests (not your usage limit)"
    refusal = refusal_of("anthropic", 429, {"error": {"type": "rate_limit_error", "message": message}})
    assert refusal.kind is not RefusalKind.UNTIL


@pytest.mark.parametrize("status", ["allowed", "allowed_warning"])
def test_a_warning_is_no_refusal(status):
    headers = {"anthropic-ratelimit-unified-status": status, "anthropic-ratelimit-unified-reset": str(NOW)}
    assert refusal_of("anthropic", 200, {}, headers) is None


def test_a_spent_chatgpt_plan_is_spent_until_its_reset():
    error = {
        "type": "usage_limit_reached",
        "message": "The usage limit has been reached",
        "resets_at": NOW + 60,
    }
    refusal = refusal_of("openai", 429, {"error": {**error, "plan_type": "pro"}})
    assert (refusal.kind, refusal.pool, refusal.until) == (RefusalKind.UNTIL, ACCOUNT_POOL, NOW + 60)


def test_what_is_used_is_read():
    claude_says = {
        "anthropic-ratelimit-unified-5h-utilization": "0.42",
        "anthropic-ratelimit-unified-5h-reset": "1796000000",
        "anthropic-ratelimit-unified-7d-utilization": "0.9",
    }
    codex_says = {
        "x-codex-primary-used-percent": "83.5",
        "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": "1796000000",
        "x-codex-secondary-used-percent": "12",
        "x-codex-secondary-window-minutes": "10080",
    }
    assert plan_use(claude_says) == [
        PlanUse("five-hour limit", 0.42, 1_796_000_000.0),
        PlanUse("weekly limit", 0.9, None),
    ]
    assert plan_use(codex_says) == [
        PlanUse("5-hour limit", 0.835, 1_796_000_000.0),
        PlanUse("weekly limit", 0.12, None),
    ]


@pytest.mark.parametrize("value", ["", "x", "nan", "-1", "1e400", "\ud800"])
def test_what_cannot_be_is_left_out(value):
    names = ("anthropic-ratelimit-unified-5h-utilization", "x-codex-primary-used-percent")
    assert plan_use(dict.fromkeys(names, value) | {"x-codex-primary-window-minutes": value}) == []
    for body in (b"", b"[]", b"null", b'{"error": []}', b'{"error": {"type": "usage_limit_reached"}}'):
        headers = {
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-reset": value,
        }
        refusal = PROVIDERS["anthropic"].read_refusal(429, headers, body, request_to("anthropic"))
        assert refusal.kind is not RefusalKind.UNTIL
