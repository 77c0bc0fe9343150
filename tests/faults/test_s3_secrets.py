"""S3: no key and no prompt in any line of ours, whatever bytes they have."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from massgen_plugins.hookspecs import hookimpl
from massgen_plugins.providers.gemini.provider import GeminiProvider

from .bed import LIMIT, bed, limits
from .server import CountingServer

SECRET = "AIzaSyOnlyTheUserKnowsThis"
EXAMPLE = Path(__file__).parents[1] / "example_plugin"

KEYS = {
    "a byte that is no UTF-8": SECRET.encode() + b"\xff",
    "Latin-1": SECRET.encode() + "é".encode("latin-1"),
    "half a character": SECRET.encode() + b"\xc3",
    "a character of four bytes": SECRET.encode() + "🔑".encode(),
    "plain": SECRET.encode(),
}

BODIES = {
    "no UTF-8": b'{"model": "m", "prompt": "' + SECRET.encode() + b'\xff"}',
    "cut": b'{"model": "m", "prompt": "' + SECRET.encode(),
    "a list": b'["' + SECRET.encode() + b'"]',
    "a surrogate": b'{"model": "\\ud800", "prompt": "' + SECRET.encode() + b'"}',
    "UTF-16": f'{{"model": "m", "prompt": "{SECRET}"}}'.encode("utf-16"),
}


def nothing_leaked(process, capfd, caplog, folder: Path) -> None:
    captured = capfd.readouterr()
    told = "\n".join([*process.said, captured.out, captured.err, caplog.text])
    assert SECRET not in told
    for each in folder.rglob("*"):
        if each.is_file():
            assert SECRET.encode() not in each.read_bytes(), each


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_of_any_bytes_is_limited_and_never_shown(
    server: CountingServer, tmp_path: Path, capfd, caplog, kind: str
) -> None:
    with bed(server, limits(tmp_path / "quota.sqlite3")) as process:
        assert process.calls(3 * LIMIT, headers={"x-goog-api-key": KEYS[kind]}) == LIMIT
        assert not [line for line in process.said if "an internal error" in line]
        nothing_leaked(process, capfd, caplog, tmp_path)


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_of_any_bytes_is_limited_and_never_shown(
    server: CountingServer, tmp_path: Path, capfd, caplog, kind: str
) -> None:
    with bed(server, limits(tmp_path / "quota.sqlite3")) as process:
        assert process.calls(3 * LIMIT, body=BODIES[kind]) == LIMIT
        nothing_leaked(process, capfd, caplog, tmp_path)


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch):
    """The handbook's example of a plugin."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    yield importlib.import_module("acme_massgen.plugin")
    for name in [name for name in sys.modules if name.split(".")[0] == "acme_massgen"]:
        del sys.modules[name]


@pytest.mark.parametrize("kind", BODIES)
def test_the_handbooks_plugin_shows_no_prompt(
    server: CountingServer, tmp_path: Path, acme, kind: str, request
) -> None:
    window = [{"kind": "requests", "amount": LIMIT, "window": "60s"}]
    source = {"source": "https://acme.example", "date": "2026-11-30"}
    profile = {"fallback": {"limits": window}, **source}
    defined = {"provider": "acme", "profiles": {"acme-test": profile}}
    settings = {**limits(tmp_path / "quota.sqlite3"), "define": [defined], "profile": {"acme": "acme-test"}}
    with bed(server, settings, extra=[acme]) as process:
        sent = process.calls(3 * LIMIT, body=BODIES[kind], path="/acme/v1/answer", provider="acme")
        assert sent == LIMIT, process.said
        capfd, caplog = (request.getfixturevalue(name) for name in ("capfd", "caplog"))
        nothing_leaked(process, capfd, caplog, tmp_path)


def failing(hook: str):
    """A plugin that fails in one place, with the secret in its exception."""

    def fail(*_: object) -> None:
        raise ValueError(f"cannot read {SECRET}")

    if hook in ("is_model_call", "read_request"):
        gemini = GeminiProvider()
        gemini.name = "other"
        setattr(gemini, hook, lambda *_, **__: fail())
        return SimpleNamespace(massgen_provider=hookimpl(lambda: gemini))
    return SimpleNamespace(**{hook: hookimpl(lambda: fail())})  # noqa: PLW0108 - a hook takes no *args


@pytest.mark.parametrize(
    "hook",
    ["massgen_middleware", "massgen_provider", "massgen_event", "is_model_call", "read_request"],
)
def test_what_a_plugin_says_in_its_exception_is_not_repeated(
    server: CountingServer, tmp_path: Path, capfd, caplog, hook: str
) -> None:
    with bed(server, limits(tmp_path / "quota.sqlite3"), extra=[failing(hook)]) as process:
        process.calls(2 * LIMIT, provider="other" if hook in ("is_model_call", "read_request") else "gemini")
        assert [line for line in process.said if "ValueError" in line], process.said
        nothing_leaked(process, capfd, caplog, tmp_path)
