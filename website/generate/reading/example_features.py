"""What a configuration switches on, and what has to be there before it can run: read out of its content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from website.generate.reading.host import massgen_module

__all__ = ["features", "needs", "servers_of"]

Block = Mapping[str, Any]

_PROGRAMS: Mapping[str, str] = {
    "npx": "Node.js",
    "node": "Node.js",
    "uvx": "uv",
    "uv": "uv",
    "docker": "Docker",
}
_LOCAL: Mapping[str, str] = {"lmstudio": "LM Studio", "vllm": "a vLLM server", "sglang": "an SGLang server"}
_LOGINS: Mapping[str, str] = {
    "codex": "Codex program",
    "gemini_cli": "Gemini CLI",
    "antigravity_cli": "Antigravity CLI",
    "copilot": "GitHub Copilot",
    "ag2": "extra `external`",
}

_IN_BACKEND: Mapping[str, str] = {
    "enable_web_search": "web search",
    "enable_code_execution": "code at the provider",
    "enable_code_interpreter": "code at the provider",
    "custom_tools": "custom tools",
    "enable_code_based_tools": "tools as code",
    "upload_files": "uploaded files",
    "enable_image_generation": "making images",
    "enable_audio_generation": "making audio",
    "enable_video_generation": "making video",
    "enable_file_generation": "making files",
    "permissions": "permissions",
    "permission_mode": "permission mode",
    "websocket_mode": "WebSocket",
    "enable_tool_search": "tool search",
    "enable_programmatic_flow": "programmatic tool calls",
    "enable_strict_tool_use": "strict tool use",
    "command_line_allowed_commands": "allowed commands",
    "command_line_blocked_commands": "blocked commands",
    "group_config": "group chat",
}
_IN_COORDINATION: Mapping[str, str] = {
    "enable_planning_mode": "planning mode",
    "enable_agent_task_planning": "task plans",
    "broadcast": "questions between agents",
    "enable_subagents": "sub-agents",
    "use_skills": "skills",
    "enable_memory_filesystem_mode": "memory files",
    "max_orchestration_restarts": "restarts",
    "round_evaluator_before_checklist": "round evaluator",
    "fast_iteration_mode": "fast iteration",
    "criteria_mode": "emerging criteria",
    "checkpoint_enabled": "checkpoints",
    "enable_changedoc": "decision journal",
    "write_mode": "isolated writes",
}
_IN_ORCHESTRATOR: Mapping[str, str] = {
    "context_paths": "your own files",
    "dspy": "rephrased questions",
    "skip_coordination_rounds": "no rounds",
    "enable_nlip": "NLIP",
    "enable_multimodal_tools": "media tools",
}
_SWITCHED: Mapping[str, str] = {
    "persona_generator": "personas",
    "evaluation_criteria_generator": "generated criteria",
    "standalone_checkpoint": "checkpoint tool",
    "background_subagents": "background sub-agents",
    "prompt_improver": "improved question",
}


def features(content: Block, backends: Sequence[Block]) -> tuple[str, ...]:
    """Words for what a configuration switches on, in the order of the places where it does."""
    return tuple(dict.fromkeys(_features(content, backends)))


def needs(text: str, backends: Sequence[Block]) -> tuple[str, ...]:
    """Variables with keys first, then programs and servers."""
    registry = massgen_module("backend.capabilities").BACKEND_CAPABILITIES
    types = [str(backend.get("type", "")) for backend in backends]
    keys = {registry[name].env_var for name in types if name in registry and name not in _LOGINS}
    keys |= {_key_of_host(str(backend.get("base_url", ""))) for backend in backends}
    keys |= set(re.findall(r"\$\{([A-Z][A-Z0-9_]+)\}", text))
    programs = {_LOCAL.get(name) or _LOGINS.get(name, "") for name in types}
    programs |= {program for backend in backends for program in _programs(backend)}
    return (*sorted(key for key in keys if key), *sorted(program for program in programs if program))


def _key_of_host(url: str) -> str:
    """The variable of the registry's provider whose host has the same last two labels; empty if none has."""
    registry = massgen_module("backend.capabilities").BACKEND_CAPABILITIES
    variables = {_domain(entry.base_url): entry.env_var for entry in registry.values() if entry.base_url}
    return {**variables, "z.ai": registry["zai"].env_var}.get(_domain(url)) or ""


def _domain(url: str) -> str:
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


def servers_of(backend: Block) -> list[tuple[str, Block]]:
    """Name and settings of each MCP server of a backend block."""
    servers = backend.get("mcp_servers") or {}
    if isinstance(servers, Mapping):
        return [(str(name), each) for name, each in servers.items() if isinstance(each, Mapping)]
    return [(str(each.get("name", "")), each) for each in servers if isinstance(each, Mapping)]


def _features(content: Block, backends: Sequence[Block]) -> Iterator[str]:
    yield from _team_features(content.get("orchestrator") or {})
    for backend in backends:
        yield from (word for key, word in _IN_BACKEND.items() if backend.get(key))
        if backend.get("enable_mcp_command_line"):
            yield f"commands ({backend.get('command_line_execution_mode', 'local')})"
    names = sorted({name for backend in backends for name, _ in servers_of(backend)})
    if names:
        yield f"MCP: {', '.join(names)}"
    if (content.get("memory") or {}).get("enabled"):
        yield "memory"
    if content.get("timeout_settings"):
        yield "timeouts"
    if any("cwd" in backend for backend in backends):
        yield "workspaces"


def _team_features(orchestrator: Block) -> Iterator[str]:
    coordination = orchestrator.get("coordination") or {}
    if orchestrator.get("coordination_mode") == "decomposition":
        yield "decomposition"
    if "voting_sensitivity" in orchestrator:
        yield f"voting: {orchestrator['voting_sensitivity']}"
    for block, known in ((orchestrator, _IN_ORCHESTRATOR), (coordination, _IN_COORDINATION)):
        yield from (word for key, word in known.items() if block.get(key))
    for key, word in _SWITCHED.items():
        if isinstance(block := coordination.get(key), Mapping) and block.get("enabled"):
            yield word


def _programs(backend: Block) -> Iterator[str]:
    if backend.get("command_line_execution_mode") == "docker":
        yield "Docker"
    for _, server in servers_of(backend):
        if program := _PROGRAMS.get(str(server.get("command", ""))):
            yield program
