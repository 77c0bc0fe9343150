"""What a provider reads in a request: model, pools, account, endpoint, and what it books."""

from __future__ import annotations

import base64
import json
import struct

import pytest

from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.providers.estimate import UNKNOWN_BODY
from massgen_plugins.quota import Charge, Kind, Mode
from tests.providers.every import PROVIDERS, request_to

MESSAGES = [{"role": "user", "content": "What is two and two? " * 40}]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 1_024, 1_024) + b"\0" * 200_000


def picture(data=PNG):
    return "data:image/png;base64," + base64.b64encode(data).decode()


PDF = "data:application/pdf;base64," + "JVBE" * 20_000


def raw(name, url, body, headers=None):
    return PROVIDERS[name].read_request(HttpRequest("POST", url, headers or {}, body))


# Charges


@pytest.mark.parametrize(
    ("name", "body", "tokens", "mode"),
    [
        # OpenAI: the larger of the bound and a quarter of the characters, kept
        ("openai", {"max_output_tokens": 8_000}, 8_000, Mode.KEPT),
        ("openai", {"max_tokens": 8_000, "n": 2}, 16_000, Mode.KEPT),
        # Azure: both; without a bound an assumed one, which comes back
        ("azure_openai", {"max_tokens": 1_000}, "input + 1000", Mode.KEPT),
        ("azure_openai", {}, "input + 4096", Mode.SETTLED),
        ("groq", {"max_completion_tokens": 300}, "input + 300", Mode.KEPT),
        ("groq", {}, "input + 500", Mode.SETTLED),
        ("cerebras", {"max_completion_tokens": 300}, "input + 300", Mode.SETTLED),
        ("cerebras", {}, "input + 2048", Mode.SETTLED),
        ("moonshot", {}, "input + 1024", Mode.KEPT),
        ("moonshot", {"max_tokens": 64}, "input + 64", Mode.KEPT),
        ("mistral", {}, "input + 500", Mode.SETTLED),
        ("chat", {"max_tokens": 50}, "input + 50", Mode.SETTLED),
        ("grok", {"max_output_tokens": "900"}, "input + 900", Mode.SETTLED),
        ("grok", {"max_output_tokens": -1}, "input + 500", Mode.SETTLED),
        ("grok", {"max_output_tokens": True}, "input + 500", Mode.SETTLED),
    ],
)
def test_total_tokens_are_charged_as_the_provider_does(name, body, tokens, mode):
    charges = request_to(name, {"messages": MESSAGES, **body}).charges
    if isinstance(tokens, str):
        tokens = charges[Kind.INPUT_TOKENS].amount + int(tokens.split()[-1])
    assert charges[Kind.TOTAL_TOKENS] == Charge(tokens, mode)


def test_openai_without_a_bound_charges_a_quarter_of_the_characters():
    body = {"model": "gpt-5.4", "input": "x" * 40_000}
    charge = request_to("openai", body).charges[Kind.TOTAL_TOKENS]
    assert charge.mode is Mode.KEPT
    assert 10_000 <= charge.amount <= 10_100


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name != "gemini"])
def test_each_call_is_one_request_and_takes_one_place(name):
    charges = request_to(name).charges
    assert charges[Kind.REQUESTS].amount == charges[Kind.CONCURRENT].amount == 1


@pytest.mark.parametrize("name", ["openai", "anthropic", "groq"])
def test_output_is_a_forecast_never_above_the_bound(name):
    assert request_to(name).charges[Kind.OUTPUT_TOKENS] == Charge(500, Mode.EXPECTED)
    assert request_to(name, {"max_tokens": 32_000}).charges[Kind.OUTPUT_TOKENS] == Charge(500, Mode.EXPECTED)
    assert request_to(name, {"max_tokens": 32_000}).max_output == 32_000
    assert request_to(name, {"max_tokens": 20}).charges[Kind.OUTPUT_TOKENS] == Charge(20, Mode.EXPECTED)


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_every_text_counts_whatever_field_holds_it(name):
    plain = request_to(name).charges[Kind.INPUT_TOKENS].amount
    tools = [{"name": "f", "description": "d" * 3_000, "input_schema": {"type": "object"}}]
    more = request_to(name, {"tools": tools, "system": "s" * 3_000}).charges[Kind.INPUT_TOKENS].amount
    assert plain + 2_000 <= more <= plain + 2_100


@pytest.mark.parametrize(
    ("name", "part", "tokens"),
    [
        ("openai", {"type": "input_image", "image_url": picture()}, 1_024),
        ("openai", {"type": "image_url", "image_url": {"url": picture()}}, 1_024),
        ("openai", {"type": "image_url", "image_url": {"url": "https://a.example/a.png"}}, 1_536),
        (
            "anthropic",
            {
                "type": "image",
                "source": {
                    "type": "base64",
                    "media_type": "image/png",
                    "data": base64.b64encode(PNG).decode(),
                },
            },
            1_399,
        ),
        ("anthropic", {"type": "image", "source": {"type": "url", "url": "https://a.example/a.png"}}, 8_192),
        ("openai", {"type": "input_file", "file_id": "file-x"}, 8_192),
        ("openai", {"type": "input_file", "file_data": PDF}, 9_000),
        ("openai", {"type": "input_audio", "input_audio": {"data": "AAAA" * 8_000, "format": "wav"}}, 120),
    ],
)
def test_media_count_by_the_providers_rule_and_base64_does_not(name, part, tokens):
    plain = request_to(name, {"model": "gpt-5.4"}).charges[Kind.INPUT_TOKENS].amount
    body = {"model": "gpt-5.4", "messages": [{"role": "user", "content": ["hello", part]}]}
    more = request_to(name, body).charges[Kind.INPUT_TOKENS].amount
    assert plain + tokens - 2 <= more <= plain + tokens * 1.3 + 100


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4o", 1_024),
        ("gpt-5-mini", 1_659),
        ("gpt-5-nano", 2_520),
        ("o4-mini", 1_762),
        ("gpt-4o-mini", 25_501),
    ],
)
def test_an_image_of_a_million_pixels(model, tokens):
    def charged(content):
        body = {"model": model, "messages": [{"role": "user", "content": content}]}
        return request_to("openai", body).charges[Kind.INPUT_TOKENS].amount

    part = {"type": "image_url", "image_url": {"url": picture()}}
    without = charged([{**part, "image_url": {"url": ""}}])
    assert charged([part]) - without == pytest.approx(tokens, abs=1)


def test_an_earlier_answer_that_is_only_named_counts_as_much_text():
    plain = request_to("openai").charges[Kind.INPUT_TOKENS].amount
    more = request_to("openai", {"previous_response_id": "resp_x"}).charges[Kind.INPUT_TOKENS].amount
    assert more >= plain + 8_192


# Embeddings, images, sounds


def test_embeddings_book_no_output():
    body = json.dumps({"model": "text-embedding-3-small", "input": "some text"}).encode()
    request = raw("openai", "https://api.openai.com/v1/embeddings", body)
    assert request.pools == ("text-embedding-3-small",)
    assert Kind.OUTPUT_TOKENS not in request.charges


def test_images_are_counted():
    body = json.dumps({"model": "gpt-image-1", "prompt": "a cat", "n": 3}).encode()
    request = raw("openai", "https://api.openai.com/v1/images/generations", body)
    assert request.charges["images"].amount == 3


def test_a_form_tells_its_model():
    body = (
        b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-4o-transcribe\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + b"\0" * 90_000
    )
    request = raw("openai", "https://api.openai.com/v1/audio/transcriptions", body)
    assert request.model == "gpt-4o-transcribe"
    assert set(request.charges) == {Kind.REQUESTS, Kind.CONCURRENT}


# Models and pools


@pytest.mark.parametrize(
    ("name", "model", "resolved", "pools"),
    [
        ("openai", "gpt-4o-2024-08-06", "gpt-4o", ("gpt-4o",)),
        ("openai", "gpt-4o-mini", "gpt-4o-mini", ("gpt-4o-mini",)),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::x1", "gpt-4o-mini", ("gpt-4o-mini",)),
        ("openai", "gpt-5.6-sol", "gpt-5.6-sol", ("gpt-5.6-sol",)),
        ("groq", "openai/gpt-oss-120b", "openai/gpt-oss-120b", ("openai/gpt-oss-120b",)),
        (
            "openrouter",
            "deepseek/deepseek-r1:free",
            "deepseek/deepseek-r1:free",
            ("deepseek/deepseek-r1:free", "openrouter:free"),
        ),
        ("openrouter", "openai/gpt-5.4", "openai/gpt-5.4", ("openai/gpt-5.4",)),
        ("anthropic", "claude-opus-4-6", "claude-opus-4-6", ("claude-opus-4-6", "anthropic:opus-4")),
        ("anthropic", "claude-opus-4-5-20251101", "claude-opus-4-5", ("claude-opus-4-5", "anthropic:opus-4")),
        (
            "anthropic",
            "claude-sonnet-4-5-20250929",
            "claude-sonnet-4-5",
            ("claude-sonnet-4-5", "anthropic:sonnet-4"),
        ),
        ("anthropic", "claude-sonnet-4-20250514", "claude-sonnet-4", ("claude-sonnet-4",)),
        ("anthropic", "claude-opus-5", "claude-opus-5", ("claude-opus-5",)),
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5", ("claude-haiku-4-5",)),
        (
            "anthropic",
            "anthropic/claude-opus-4.6",
            "claude-opus-4-6",
            ("claude-opus-4-6", "anthropic:opus-4"),
        ),
    ],
)
def test_models_and_their_pools(name, model, resolved, pools):
    request = request_to(name, {"model": model})
    assert (request.requested_model, request.model, request.pools) == (model, resolved, pools)
    assert PROVIDERS[name].resolve_model(model) == resolved == pools[0]


def test_openais_path_at_anthropic_is_the_same_pool_and_account():
    url = "https://api.anthropic.com/v1/chat/completions"
    body = json.dumps({"model": "claude-opus-4-6", "messages": MESSAGES, "max_tokens": 100}).encode()
    request = raw("anthropic", url, body, {"authorization": "Bearer sk-ant-1"})
    assert request.pools == ("claude-opus-4-6", "anthropic:opus-4")
    assert (request.credential, request.endpoint, request.max_output) == ("sk-ant-1", "", 100)


def test_fast_mode_has_pools_of_its_own():
    request = request_to("anthropic", {"model": "claude-opus-4-6", "speed": "fast"})
    assert request.pools == ("claude-opus-4-6:fast", "anthropic:opus-4:fast")


def test_a_deployment_is_a_pool_and_a_resource_an_endpoint():
    url = "https://acme.openai.azure.com/openai/deployments/team%20a/chat/completions?api-version=2024-02-15"
    request = raw("azure_openai", url, b'{"messages": []}', {"api-key": "k"})
    assert (request.model, request.endpoint, request.credential) == ("team a", "acme.openai.azure.com", "k")
    other = raw("azure_openai", "https://acme.openai.azure.com/openai/v1/chat/completions", b'{"model": "m"}')
    assert other.model == "m"


# Accounts and endpoints


@pytest.mark.parametrize(
    "headers",
    [{"x-api-key": "sk-ant-1"}, {"authorization": "Bearer sk-ant-1"}, {"authorization": "bearer  sk-ant-1 "}],
)
def test_one_key_is_one_account_in_whichever_header_it_is(headers):
    assert request_to("anthropic", headers=headers).credential == "sk-ant-1"


@pytest.mark.parametrize(
    ("name", "url", "endpoint"),
    [
        ("openai", "https://api.openai.com/v1/responses", ""),
        ("openai", "https://api.openai.com:443/v1/responses", ""),
        ("openai", "http://127.0.0.1:8765/v1/responses", "127.0.0.1:8765"),
        ("groq", "https://api.groq.com/openai/v1/chat/completions", ""),
        ("chat", "https://u:secret@llm.example.org/v1/chat/completions", "llm.example.org"),
        ("vllm", "http://gpu-7:8000/v1/chat/completions", "gpu-7:8000"),
        ("anthropic", "https://api.anthropic.com/v1/messages", ""),
        ("anthropic", "http://127.0.0.1:9/v1/messages", "127.0.0.1:9"),
    ],
)
def test_endpoints(name, url, endpoint):
    assert request_to(name, url=url).endpoint == endpoint


# What cannot be read


@pytest.mark.parametrize("name", ["openai", "anthropic", "chat"])
@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'"text"', b"{", b'{"messages": []}', b'{"model": 7}', b"\xff\xfe", b"\x1f\x8b\x08gzip"],
)
def test_without_a_model_that_can_be_read_it_is_a_call_all_the_same(name, body):
    url = (
        "http://127.0.0.1:9/v1/messages" if name == "anthropic" else "http://127.0.0.1:9/v1/chat/completions"
    )
    request = raw(name, url, body)
    assert request.model == "unknown"
    assert request.charges[Kind.REQUESTS].amount == 1


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_body_that_nobody_has_seen_is_limited_all_the_same(name):
    url = (
        "http://127.0.0.1:9/v1/messages" if name == "anthropic" else "http://127.0.0.1:9/v1/chat/completions"
    )
    request = raw(name, url, None)
    assert request.model == "unknown"
    assert request.charges[Kind.INPUT_TOKENS].amount == UNKNOWN_BODY
    assert raw(name, url, None, {"content-length": "900"}).charges[Kind.INPUT_TOKENS].amount == 900
