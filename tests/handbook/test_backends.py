"""Where each backend of MassGen 0.1.97 sends a request, and with whose key: what /backends/* says."""

from __future__ import annotations

import json
import re

import pytest

from massgen_plugins import sandbox

from .checks import host
from .checks.places import ROOT
from .checks.running import python
from .massgen_run import massgen, team

DOCS = ROOT / "website" / "docs" / "backends"
OPENAI = "https://api.openai.com/v1/"
_ASK = """
import json, os
from massgen.backend.capabilities import BACKEND_CAPABILITIES
from massgen.cli.backends import create_backend

variables = {caps.env_var for caps in BACKEND_CAPABILITIES.values() if caps.env_var}
for name in variables | {"GOOGLE_API_KEY", "GEMINI_API_KEY", "KIMI_API_KEY"}:
    os.environ[name] = "from-" + name

def door(kind, **more):
    backend = create_backend(kind, model="a-model", **more)
    client = backend._create_client(**dict(backend.config))
    return [str(client.base_url), client.api_key]

doors = {}
for kind in json.loads(KINDS):
    doors[kind] = door(kind)
for address in json.loads(ADDRESSES):
    doors[address] = door("chatcompletion", base_url=address)
doors["claude_code"] = [None, create_backend("claude_code", model="a-model", cwd="workspace").api_key]
print("DOORS", json.dumps(doors))
"""
TABLE = {
    "cerebras": ("https://api.cerebras.ai/v1/", "CEREBRAS_API_KEY"),
    "together": ("https://api.together.xyz/v1/", "TOGETHER_API_KEY"),
    "fireworks": ("https://api.fireworks.ai/inference/v1/", "FIREWORKS_API_KEY"),
    "groq": ("https://api.groq.com/openai/v1/", "GROQ_API_KEY"),
    "openrouter": ("https://openrouter.ai/api/v1/", "OPENROUTER_API_KEY"),
    "moonshot": ("https://api.moonshot.cn/v1/", "MOONSHOT_API_KEY"),
    "nvidia_nim": ("https://integrate.api.nvidia.com/v1/", "NGC_API_KEY"),
    "nebius": ("https://api.studio.nebius.ai/v1/", "NEBIUS_API_KEY"),
    "openai": (OPENAI, "OPENAI_API_KEY"),
    "grok": ("https://api.x.ai/v1/", "XAI_API_KEY"),
    "poe": (OPENAI, "POE_API_KEY"),
    "zai": (OPENAI, "ZAI_API_KEY"),
}
BY_ADDRESS = {
    "https://llm.example.org/v1": "OPENAI_API_KEY",
    "https://api.together.ai/v1": "OPENAI_API_KEY",
    "https://api.studio.nebius.ai/v1": "OPENAI_API_KEY",
    "https://api.together.xyz/v1": "TOGETHER_API_KEY",
    "https://api.z.ai/api/paas/v4": "ZAI_API_KEY",
}


@pytest.fixture(scope="module")
def doors():
    values = {"KINDS": json.dumps(list(TABLE)), "ADDRESSES": json.dumps(list(BY_ADDRESS))}
    code = "".join(f"{name} = {value!r}\n" for name, value in values.items()) + _ASK
    done = python(code)
    found = re.search(r"^DOORS (.*)$", done.output, re.MULTILINE)
    assert found, done.last_words()
    return json.loads(found[1])


@pytest.mark.parametrize("kind", TABLE)
def test_a_type_sends_its_own_key_to_the_address_in_the_table(kind, doors):
    address, variable = TABLE[kind]
    assert doors[kind] == [address, f"from-{variable}"]


@pytest.mark.parametrize("address", BY_ADDRESS)
def test_chatcompletion_sends_the_key_that_the_page_says(address, doors):
    assert doors[address] == [address + "/", f"from-{BY_ADDRESS[address]}"]


def test_the_two_types_whose_key_goes_to_openai_are_named_with_a_warning():
    page = (DOCS / "openai-compatible.mdx").read_text(encoding="utf-8")
    assert "| `type: zai` or `type: poe` without `base_url` |" in page
    assert ":::danger[Never leave out `base_url`]" in (DOCS / "hosted-apis.mdx").read_text(encoding="utf-8")


def test_claude_code_takes_the_key_of_the_claude_backend(doors):
    assert doors["claude_code"][1] == "from-ANTHROPIC_API_KEY"


def test_the_validator_wants_cwd_for_two_programs_only():
    wanting = {
        kind
        for kind in ("claude_code", "codex", "gemini_cli", "antigravity_cli", "copilot")
        if host.findings({"agents": [{"id": "a", "backend": {"type": kind, "model": "m"}}]})
    }
    assert wanting == {"claude_code", "codex"}


def test_release_months_are_known_for_these_backends():
    dated = {kind for kind, caps in host.capabilities().items() if caps.model_release_dates}
    assert dated == {"openai", "claude", "gemini", "grok", "codex", "gemini_cli", "antigravity_cli"}


@pytest.mark.parametrize("kind", ["openai", "claude", "gemini", "grok", "codex"])
def test_the_table_of_ages_is_that_of_the_registry(kind):
    dates = host.capabilities()[kind].model_release_dates
    page = (DOCS / "pick-a-model.mdx").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{kind}` \| (.*) \| (.*) \|$", page, re.MULTILINE)
    assert row
    newest, oldest = max(dates.values()), min(dates.values())
    assert newest in row[1]
    assert oldest in row[2]
    assert all(dates[model] == newest for model in re.findall(r"`([^`]+)`", row[1]))
    assert all(dates[model] == oldest for model in re.findall(r"`([^`]+)`", row[2]))


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        ("{type: gemini, model: gemini-2.5-flash, base_url: 'http://127.0.0.1:9'}", "Extra inputs are not"),
        ("{type: claude, model: claude-haiku-4-5, base_url: 'http://127.0.0.1:9'}", "unexpected keyword"),
    ],
)
def test_base_url_breaks_every_call_of_gemini_and_claude(tmp_path, backend, message):
    keys = {"GEMINI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}
    ended = massgen(tmp_path, '--automation --config team.yaml "Hello"', team(backend), **keys)
    assert message in ended.text
    assert "ANSWER:" not in ended.text
    assert ended.code == 0


def test_an_address_that_ends_in_chat_completions_is_not_found(tmp_path):
    with sandbox.SandboxProcess() as server:
        backend = f"{{type: chatcompletion, model: m, base_url: '{server.url}/v1/chat/completions'}}"
        ended = massgen(
            tmp_path, '--automation --config team.yaml "Hello"', team(backend), OPENAI_API_KEY="k"
        )
        assert server.report().arrived == 0
    assert "Error code: 404" in ended.text
    assert "failed to use workflow tools after 3 attempts" in ended.text


@pytest.mark.parametrize(
    ("backend", "address"),
    [
        ("{type: claude, model: claude-haiku-4-5, enable_rate_limit: true}", "ANTHROPIC_BASE_URL"),
        ("{type: openai, model: gpt-5-mini, enable_rate_limit: true}", "OPENAI_BASE_URL"),
    ],
)
def test_agents_of_other_providers_are_limited_too(tmp_path, backend, address):
    with sandbox.SandboxProcess() as server:
        url = server.url if address.startswith("ANTHROPIC") else f"{server.url}/v1"
        keys = {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", address: url}
        ended = massgen(tmp_path, '--automation --config team.yaml "Hello"', team(backend), **keys)
        assert server.report().served == 3
    assert "without limits" not in ended.text
    assert "NOT limited" not in ended.text
