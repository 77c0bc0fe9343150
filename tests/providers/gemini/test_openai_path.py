"""A Gemini key used through the OpenAI-compatible path is the same bucket."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from massgen_plugins.middleware import RefusalKind, StatedLimit
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.providers.gemini import GeminiProvider
from massgen_plugins.providers.gemini.urls import OPENAI, parse_call
from massgen_plugins.quota import MINUTE, Charge, Kind

GEMINI = GeminiProvider()
OWN = "https://generativelanguage.googleapis.com"
CHAT = f"{OWN}/v1beta/openai/chat/completions"
KEY = {"authorization": "Bearer AIza-key"}


def ask(url: str = CHAT, headers: dict[str, str] = KEY, **body: object):
    document = {"model": "gemini-2.5-flash", "messages": [], **body}
    return GEMINI.read_request(HttpRequest("POST", url, headers, json.dumps(document).encode()))


@pytest.mark.parametrize(
    "url",
    [
        CHAT,
        f"{CHAT}/",
        f"{OWN}/v1/openai/chat/completions",
        f"{OWN}/v1beta/openai/embeddings",
        f"{OWN}/v1beta/openai//chat/completions?x=1",
        "http://127.0.0.1:8000/base/v1beta/openai/chat/completions",
        "https://eu-aiplatform.googleapis.com/v1beta1/projects/p/locations/eu/endpoints/openapi/chat/completions",
    ],
)
def test_the_path_is_known_on_any_host(url):
    assert parse_call(url).verb == OPENAI
    assert GEMINI.is_model_call("POST", url)
    assert not GEMINI.is_model_call("GET", url)
    assert ask(url).model == "gemini-2.5-flash"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/chat/completions",
        "https://api.groq.com/openai/v1/chat/completions",
        "https://x.openai.azure.com/openai/deployments/d/chat/completions",
        "https://x.openai.azure.com/openai/v1/chat/completions",
        f"{OWN}/v1beta/openai/models",
        f"{OWN}/x?y=/v1beta/openai/chat/completions",
        "https://[broken/v1beta/openai/chat/completions",
        "",
    ],
)
def test_other_providers_paths_are_not_ours(url):
    assert parse_call(url) is None
    assert not GEMINI.is_model_call("POST", url)
    assert ask(url) is None


@pytest.mark.parametrize("host", [OWN, "http://gateway.example:4000"])
@pytest.mark.parametrize("model", ["gemini-2.5-flash-preview-05-20", "models/gemini-2.5-flash"])
def test_both_paths_of_one_key_book_in_one_place(host, model):
    name = model.removeprefix("models/")
    own = GEMINI.read_request(
        HttpRequest(
            "POST", f"{host}/v1beta/models/{name}:generateContent", {"x-goog-api-key": "AIza-key"}, b"{}"
        )
    )
    other = ask(f"{host}/v1beta/openai/chat/completions", model=model)
    assert (other.credential, other.endpoint, other.model) == (own.credential, own.endpoint, own.model)
    assert (other.pools, other.host) == (own.pools, own.host)
    assert other.charges.keys() == own.charges.keys()


@pytest.mark.parametrize(
    ("body", "stream", "bound", "pools"),
    [
        ({"stream": True}, True, None, ()),
        ({"stream": False, "max_tokens": 5}, False, 5, ()),
        ({"max_tokens": 5, "max_completion_tokens": 7}, False, 7, ()),
        ({"max_tokens": "5"}, False, None, ()),
        (
            {"extra_body": {"google": {"tools": [{"google_search": {}}]}}},
            False,
            None,
            ("gemini:google_search",),
        ),
        ({"google": {"tools": [{"urlContext": {}}]}}, False, None, ("gemini:url_context",)),
        ({"tools": [{"type": "function", "function": {"name": "google_search"}}]}, False, None, ()),
    ],
)
def test_a_chat_request_is_read(body, stream, bound, pools):
    request = ask(**body)
    assert (request.stream, request.max_output) == (stream, bound)
    assert request.pools == ("gemini-2.5-flash", *pools)
    assert request.charges[Kind.REQUESTS] == Charge(1)


def test_vertex_names_the_account_by_its_project():
    url = (
        "https://aiplatform.googleapis.com/v1/projects/team-a/locations/eu/endpoints/openapi/chat/completions"
    )
    request = ask(url, {"authorization": "Bearer ya29.changes-every-hour"}, model="google/gemini-2.5-pro")
    assert (request.credential, request.model) == ("team-a", "gemini-2.5-pro")


@pytest.mark.parametrize("model", [None, 7, "", [], {}])
def test_a_request_without_a_model_is_counted_all_the_same(model):
    assert ask(model=model).pools == ("unknown",)


@pytest.mark.parametrize("body", [None, b"", b"no JSON", b"[]", b"[" * 10_000])
def test_a_body_that_cannot_be_read_is_counted_all_the_same(body):
    request = GEMINI.read_request(HttpRequest("POST", CHAT, KEY, body))
    assert (request.pools, request.stream) == (("unknown",), False)


def test_embeddings_of_several_texts_are_as_many_requests():
    url = f"{OWN}/v1beta/openai/embeddings"
    assert ask(url, input=["a", "b", "c"]).charges[Kind.REQUESTS] == Charge(3)
    assert ask(url, input="a").charges[Kind.REQUESTS] == Charge(1)


def tokens(*parts: dict) -> int:
    return ask(messages=[{"role": "user", "content": list(parts)}]).charges[Kind.INPUT_TOKENS].amount


def test_an_image_in_a_data_url_counts_by_its_tiles_not_by_its_letters():
    file = io.BytesIO()
    Image.effect_noise((960, 540), 90).save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    url = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    assert len(data) > 100_000
    assert 258 * 6 <= tokens(url) - tokens() <= 258 * 6 + 40


def test_a_linked_image_counts_as_the_largest():
    url = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    assert tokens(url) - tokens() >= 24 * 258


def test_a_sound_counts_by_its_length():
    data = base64.b64encode(bytes(100_000)).decode()
    sound = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    assert 32 * 13 <= tokens(sound) - tokens() <= 32 * 13 + 40


USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 5,
    "total_tokens": 60,
    "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 35},
}


@pytest.mark.parametrize(
    "answer",
    [
        f"data: {json.dumps({'choices': [], 'usage': USAGE})}\n\ndata: [DONE]\n\n",
        f"data: {json.dumps({'choices': [], 'usage': None})}\n\ndata: {json.dumps({'usage': USAGE})}\n\n",
        json.dumps({"choices": [], "usage": USAGE}),
        f"data: {json.dumps({'usage': USAGE})}\n\ndata: {json.dumps({'usage': dict.fromkeys(USAGE, 0)})}\n\n",
    ],
)
def test_usage_of_the_chat_shape_is_read_and_thoughts_are_output(answer):
    reader = GEMINI.usage_reader(ask())
    for letter in answer:
        reader.feed(letter.encode())
    usage = reader.usage()
    assert usage.amounts == {Kind.INPUT_TOKENS: 20, Kind.OUTPUT_TOKENS: 40, Kind.TOTAL_TOKENS: 60}
    assert (usage.raw["cached_tokens"], usage.raw["reasoning_tokens"]) == (8, 35)


@pytest.mark.parametrize("status", [429, 200])
def test_a_refusal_on_this_path_is_googles_error_in_a_list(body, status):
    content = body("minute_tokens_free")
    answer = b"[" + content + b"]" if status == 429 else b"data: [" + content.replace(b"\n", b"") + b"]\n\n"
    seen = GEMINI.read_refusal(status, {}, answer, ask())
    assert (seen.kind, seen.pool, seen.retry_after) == (RefusalKind.WINDOW, None, 26)
    assert list(seen.limits) == [StatedLimit(Kind.INPUT_TOKENS, MINUTE, 250_000)]
