"""The estimate before a call: above the true count, near enough, and unbreakable."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import random
import struct
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from massgen_plugins.providers.estimate import UNKNOWN_BODY, decoded
from massgen_plugins.providers.gemini.estimate import input_tokens
from massgen_plugins.providers.images import dimensions
from massgen_plugins.providers.tokens import text_tokens

OLD, NEW = "gemini-2.5-flash", "gemini-3-flash"


def tokens(document: object, model: str = OLD) -> int:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return input_tokens(body, decoded(body), model)


def with_part(part: dict, **rest: object) -> dict:
    return {"contents": [{"role": "user", "parts": [part]}], **rest}


def added_by(part: dict, model: str = OLD) -> int:
    return tokens(with_part(part), model) - tokens(with_part({}), model)


def inline(mime: str, data: bytes, **rest: object) -> dict:
    return {"inlineData": {"mimeType": mime, "data": base64.b64encode(data).decode()}, **rest}


@pytest.fixture(scope="module")
def vocabularies():
    """Two vocabularies that litellm carries, so that no test needs the network."""
    [litellm] = importlib.util.find_spec("litellm").submodule_search_locations
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(Path(litellm) / "litellm_core_utils" / "tokenizers"))
        yield [tiktoken.get_encoding(name) for name in ("cl100k_base", "o200k_base")]


CHANCE = random.Random(4)
SAMPLES = {
    "prose": "The limiter promises that no agent ever meets a refusal, and that nobody waits for longer. "
    * 50,
    "code": Path(__file__).read_text(encoding="utf-8"),
    "numbers in JSON": json.dumps(
        [{"id": CHANCE.randrange(10**9), "x": CHANCE.random()} for _ in range(300)]
    ),
    "schemas": json.dumps([{"name": "f", "parameters": {"type": "object", "required": ["path"]}}] * 50),
    "Chinese": "\u901f\u7387\u9650\u5236\u4fdd\u62a4\u670d\u52a1\u7684\u91cd\u8981\u624b\u6bb5\u3002" * 80,
    "Russian": "\u0441\u0438\u0441\u0442\u0435\u043c\u0430 \u0436\u0434\u0451\u0442. " * 80,
    "emoji": "\U0001f600\U0001f389\u2705 " * 80,
}


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_estimate_is_above_what_a_real_vocabulary_counts(name, vocabularies):
    text = SAMPLES[name]
    for vocabulary in vocabularies:
        assert len(vocabulary.encode(text)) <= text_tokens(text)


@pytest.mark.parametrize("name", ["prose", "code", "numbers in JSON", "schemas"])
def test_the_estimate_is_at_most_two_and_a_half_times_the_count(name, vocabularies):
    assert text_tokens(SAMPLES[name]) <= 2.5 * len(vocabularies[1].encode(SAMPLES[name]))


@given(st.text())
def test_a_text_is_never_more_tokens_than_bytes(text):
    assert 0 <= text_tokens(text) <= len(text.encode("utf-8", "surrogatepass"))


@given(st.text(max_size=50), st.text(max_size=50))
def test_more_text_is_never_fewer_tokens(text, more):
    assert text_tokens(text + more) >= text_tokens(text)


@pytest.mark.parametrize(
    "place",
    [
        lambda text: with_part({"text": text}),
        lambda text: with_part({"text": text, "thought": True}),
        lambda text: with_part({"functionCall": {"name": "f", "args": {"deep": [{"er": text}]}}}),
        lambda text: with_part({"functionResponse": {"name": "f", "response": {"result": text}}}),
        lambda text: with_part({}, systemInstruction={"parts": [{"text": text}]}),
        lambda text: with_part({}, system_instruction={"parts": [{"text": text}]}),
        lambda text: with_part({}, tools=[{"functionDeclarations": [{"name": "f", "description": text}]}]),
        lambda text: with_part({}, generationConfig={"responseSchema": {"description": text}}),
        lambda text: with_part({"functionCall": {"args": {text: 1}}}),
    ],
)
def test_text_counts_wherever_it_stands(place):
    text = SAMPLES["prose"]
    assert tokens(place(text)) - tokens(place("")) == pytest.approx(text_tokens(text), abs=1)


def test_escaped_and_plain_characters_are_the_same_text():
    document = with_part({"text": SAMPLES["Chinese"]})
    assert tokens(document) == tokens(json.dumps(document, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("size", "tiles"),
    [((384, 384), 1), ((960, 540), 6), ((1000, 1000), 4), ((6000, 6000), 16), ((9000, 90), 12)],
)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_an_image_counts_by_its_tiles(form, size, tiles):
    file = io.BytesIO()
    Image.new("RGB", size).save(file, form, **({"lossless": True} if form == "WEBP" else {}))
    assert dimensions(file.getvalue()) == size
    assert added_by(inline(f"image/{form.lower()}", file.getvalue())) == pytest.approx(258 * tiles, abs=9)


def test_the_other_codings_of_webp_are_read_too():
    extended = b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + bytes([99, 0, 0, 199, 0, 0])
    lossy = b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + struct.pack("<HH", 640, 480)
    assert (dimensions(extended), dimensions(lossy)) == ((100, 200), (640, 480))


def test_an_image_that_cannot_be_read_counts_as_the_largest():
    assert added_by(inline("image/heic", b"no header")) == pytest.approx(24 * 258, abs=9)


def test_a_newer_model_takes_at_least_its_resolutions_share_of_an_image():
    file = io.BytesIO()
    Image.new("RGB", (10, 10)).save(file, "PNG")
    image = inline("image/png", file.getvalue())
    assert added_by(image, NEW) == pytest.approx(1120, abs=9)
    assert added_by({**image, "mediaResolution": {"level": "MEDIA_RESOLUTION_ULTRA_HIGH"}}, NEW) >= 2240


@pytest.mark.parametrize(
    ("mime", "expected"),
    [
        ("audio/mpeg", 32 * 50),
        ("audio/wav", 32 * 13),
        ("video/mp4", 312 * 4),
        ("application/pdf", 258 * 10),
    ],
)
def test_sound_film_and_documents_count_by_their_length(mime, expected):
    assert added_by(inline(mime, bytes(100_000))) == pytest.approx(expected, rel=0.02)


def test_other_data_counts_as_the_text_that_it_is():
    text = SAMPLES["prose"]
    assert added_by(inline("text/plain", text.encode())) == pytest.approx(text_tokens(text), abs=9)


def test_what_a_request_only_names_counts_by_a_default():
    for mime in ("image/png", "audio/mpeg", "video/mp4", "application/pdf", "text/plain", ""):
        assert added_by({"fileData": {"mimeType": mime, "fileUri": "https://x/y"}}) > 6_000
    assert tokens(with_part({}, cachedContent="cachedContents/1")) > 32_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b'["a list"]',
        b"\xff\xfe\x00",
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"n": ' + b"9" * 10_000 + b"}",
    ],
)
def test_a_body_that_cannot_be_read_counts_a_token_a_byte(body):
    assert tokens(body) == len(body)


def test_a_body_beyond_what_the_api_accepts_is_not_parsed():
    body = b" " * (100 * 1024 * 1024) + b"{}"
    assert tokens(body) == len(body)


def test_a_body_that_is_not_known_counts_by_its_declared_size_or_a_default():
    assert input_tokens(None, {}, OLD) == UNKNOWN_BODY
    assert input_tokens(None, {}, OLD, declared_size="1234") == 1234
    assert input_tokens(None, {}, OLD, declared_size="-1") == UNKNOWN_BODY
