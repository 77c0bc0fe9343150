"""Which requests are model calls, and what is read out of them."""

from __future__ import annotations

import json

import pytest

from massgen_plugins.providers.base import HttpRequest, Provider
from massgen_plugins.providers.gemini import GeminiProvider
from massgen_plugins.quota import Charge, Kind, Mode

GEMINI: Provider = GeminiProvider()
OWN = "https://generativelanguage.googleapis.com"
CALL = f"{OWN}/v1beta/models/gemini-2.5-flash:generateContent"
BODY = json.dumps({"contents": [{"parts": [{"text": "What is 2 + 2?"}]}]}).encode()


def read(url: str, body: bytes | None = BODY, **headers: str):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return GEMINI.read_request(HttpRequest("POST", url, names, body))


@pytest.mark.parametrize(
    ("url", "model", "stream"),
    [
        (CALL, "gemini-2.5-flash", False),
        (f"{OWN}/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse", "gemini-2.5-flash", True),
        (
            "https://proxy.example/gemini/v1beta/models/gemini-3.1-pro:generateContent",
            "gemini-3.1-pro",
            False,
        ),
        (
            "https://aiplatform.googleapis.com/v1beta1/publishers/google/models/g-1:streamGenerateContent",
            "g-1",
            True,
        ),
        (
            "https://eu-aiplatform.googleapis.com/v1/projects/p/publishers/google/models/g-1:generateContent",
            "g-1",
            False,
        ),
        (f"{OWN}/v1beta/tunedModels/mine-001:generateContent", "tunedModels/mine-001", False),
        ("http://127.0.0.1:8000/models/decoy/v1/models/real:generateContent", "real", False),
        (f"{OWN}/v1beta/models/gemini-2.5-flash%3AgenerateContent", "gemini-2.5-flash", False),
        (f"{OWN}//v1beta//models/gemini-2.5-flash:generateContent", "gemini-2.5-flash", False),
        (f"{OWN}/v1beta/models/gemini-2.5-flash:generateContent/", "gemini-2.5-flash", False),
        ("https://models/gemini-2.5-flash:generateContent", "gemini-2.5-flash", False),
        (
            "https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu/endpoints/77:streamGenerateContent",
            "endpoints/77",
            True,
        ),
    ],
)
def test_generate_content_of_any_host_version_and_prefix_is_a_model_call(url, model, stream):
    assert GEMINI.is_model_call("POST", url)
    request = read(url)
    assert (request.requested_model, request.stream) == (model, stream)


@pytest.mark.parametrize(
    "url",
    [
        f"{OWN}/v1beta/models/gemini-2.5-flash:countTokens",
        f"{OWN}/v1beta/models/gemini-2.5-flash:batchGenerateContent",
        f"{OWN}/v1beta/models/imagen-4:predict",
        f"{OWN}/v1beta/models/veo-3:predictLongRunning",
        f"{OWN}/v1beta/models/gemini-embedding-2:asyncBatchEmbedContent",
        f"{OWN}/v1beta/models/:generateContent",
        f"{OWN}/v1beta/:generateContent",
        f"{OWN}/v1beta/models/gemini-2.5-flash:generateContent" + "/x" * 3_000,
        f"{OWN}/v1beta/models/gemini-2.5-flash",
        f"{OWN}/v1beta/models/gemini-2.5-flash:generateContent/operations/1",
        f"{OWN}/search?q=/models/gemini-2.5-flash:generateContent",
        "https://[broken/models/gemini-2.5-flash:generateContent",
        "https://api.openai.com/v1/chat/completions",
        "",
    ],
)
def test_other_traffic_is_not_a_model_call(url):
    assert not GEMINI.is_model_call("POST", url)
    assert read(url) is None


@pytest.mark.parametrize(
    ("path", "requested", "model"),
    [
        ("v1beta/models/vertex_ai/gemini-2.5-pro", "vertex_ai/gemini-2.5-pro", "gemini-2.5-pro"),
        ("v1beta/models/gemini%2Fgemini-2.5-pro", "gemini/gemini-2.5-pro", "gemini-2.5-pro"),
        ("v1beta/models/gemini%2fgemini-flash-latest", "gemini/gemini-flash-latest", "gemini-flash"),
        ("v1beta/models/google/gemini-2.5-flash-preview-05-20", None, "gemini-2.5-flash"),
        ("v1beta/models/openrouter/google/gemini-3-pro-preview", None, "gemini-3.1-pro"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro", "gemini-2.5-pro"),
        ("v1beta/gemini-2.5-pro", "gemini-2.5-pro", "gemini-2.5-pro"),
        ("gateway/account/google-ai-studio/v1beta/models/gemini-2.5-pro", None, "gemini-2.5-pro"),
        (
            "v1/projects/p/locations/eu/publishers/google/models/gemini-2.5-pro@001",
            None,
            "gemini-2.5-pro@001",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent"])
def test_a_gateways_spelling_of_the_model_is_read(path, requested, model, verb):
    url = f"http://gateway.example:4000/{path}:{verb}"
    assert GEMINI.is_model_call("POST", url)
    request = read(url)
    assert (request.model, request.stream) == (model, verb.startswith("stream"))
    assert requested in (None, request.requested_model)
    assert request.pools == (model,)


@pytest.mark.parametrize(
    ("verb", "body", "requests"),
    [
        ("embedContent", {"content": {"parts": [{"text": "Hi"}]}}, 1),
        ("batchEmbedContents", {"requests": [{"content": {"parts": [{"text": "Hi"}]}}] * 3}, 3),
        ("batchEmbedContents", {"requests": []}, 1),
        ("batchEmbedContents", {"requests": "many"}, 1),
        ("batchEmbedContents", {}, 1),
    ],
)
def test_embeddings_are_booked_on_their_own_model(verb, body, requests):
    url = f"{OWN}/v1beta/models/gemini-embedding-2:{verb}"
    assert GEMINI.is_model_call("POST", url)
    request = read(url, json.dumps(body).encode())
    assert (request.pools, request.stream) == (("gemini-embedding-2",), False)
    assert request.charges[Kind.REQUESTS] == Charge(requests)
    assert request.charges[Kind.INPUT_TOKENS].amount >= 1


def test_only_post_is_a_model_call():
    assert not GEMINI.is_model_call("GET", CALL)


def test_the_key_in_the_header_comes_before_the_one_in_the_url():
    assert read(f"{CALL}?key=in-url", x_goog_api_key="in-header").credential == "in-header"
    assert read(f"{CALL}?alt=sse&key=in-url", authorization="Bearer t").credential == "in-url"
    assert read(CALL, authorization="Bearer t").credential == "t"
    assert read(CALL).credential == ""


def test_a_project_names_the_account_better_than_a_token_that_changes_every_hour():
    vertex = "https://aiplatform.googleapis.com/v1/projects/team-a/locations/eu/publishers/google/models/g-1"
    assert read(f"{vertex}:generateContent", authorization="Bearer t").credential == "team-a"
    assert read(CALL, authorization="Bearer t", x_goog_user_project="team-b").credential == "team-b"


@pytest.mark.parametrize(
    ("place", "endpoint"),
    [
        (OWN, ""),
        ("https://GenerativeLanguage.googleapis.com:443", ""),
        ("https://aiplatform.googleapis.com", "aiplatform.googleapis.com"),
        ("http://127.0.0.1:8765", "127.0.0.1:8765"),
        ("http://proxy.example:80", "proxy.example"),
        ("https://user:secret@proxy.example/base", "proxy.example"),
    ],
)
def test_the_endpoint_is_empty_for_google_and_the_host_otherwise(place, endpoint):
    assert read(f"{place}/v1beta/models/gemini-2.5-flash:generateContent").endpoint == endpoint


@pytest.mark.parametrize(
    ("settings", "bound"),
    [
        ({"generationConfig": {"maxOutputTokens": 800}}, 800),
        ({"generation_config": {"max_output_tokens": 800}}, 800),
        ({"generationConfig": {"maxOutputTokens": 0}}, None),
        ({"generationConfig": {"maxOutputTokens": True}}, None),
        ({"generationConfig": {"maxOutputTokens": "800"}}, None),
        ({"generationConfig": None}, None),
        ({}, None),
    ],
)
def test_the_bound_on_the_output_is_read(settings, bound):
    assert read(CALL, json.dumps(settings).encode()).max_output == bound


def test_a_request_carries_the_host_without_its_port():
    assert read(CALL).host == "generativelanguage.googleapis.com"
    assert read("http://Proxy.example:4000/v1/models/g:generateContent").host == "proxy.example"


@pytest.mark.parametrize(
    ("backend", "base_url", "own"),
    [
        ("gemini", None, True),
        ("gemini", "https://proxy.example", True),
        ("chatcompletion", f"{OWN}/v1beta/openai/", True),
        ("chatcompletion", f"{OWN}/v1beta/openai", True),
        ("openai", "http://127.0.0.1:8000/v1beta/openai/", True),
        (
            "chatcompletion",
            "https://aiplatform.googleapis.com/v1/projects/p/locations/eu/endpoints/openapi",
            True,
        ),
        ("chatcompletion", None, False),
        ("chatcompletion", "https://api.openai.com/v1", False),
        ("chatcompletion", "https://api.groq.com/openai/v1", False),
        ("azure_openai", "https://x.openai.azure.com/openai/v1", False),
        ("chatcompletion", "https://[broken", False),
        ("gemini_cli", None, True),
        ("", "", False),
    ],
)
def test_an_agent_is_geminis_by_its_backend_or_by_its_base_url(backend, base_url, own):
    assert GEMINI.serves(backend, base_url) is own


def test_geminis_conventions_are_its_documented_ones():
    conventions = GEMINI.conventions
    assert (conventions.tpm_counts, conventions.day_zone) == (Kind.INPUT_TOKENS, "America/Los_Angeles")
    assert not conventions.bucket
    assert "AIza" in conventions.key_prefixes


def test_a_request_carries_its_resolved_model_and_its_estimate():
    request = read(f"{OWN}/v1beta/models/gemini-2.5-flash-preview-05-20:generateContent")
    assert request.model == "gemini-2.5-flash"
    assert request.charges[Kind.REQUESTS] == Charge(1)
    assert request.charges[Kind.INPUT_TOKENS].mode is Mode.SETTLED
    assert 8 <= request.charges[Kind.INPUT_TOKENS].amount <= 40
