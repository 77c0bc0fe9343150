"""What the pages under /tools say of MassGen 0.1.97, one sentence for each test."""

from __future__ import annotations

import asyncio
import re
import warnings
from pathlib import Path

import pytest


@pytest.fixture(scope="module", autouse=True)
def _massgen():
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        import massgen
        import massgen.cli.backends
        import massgen.tool  # noqa: F401 - for the tests, once


def url(address, **security):
    from massgen.mcp_tools.security import validate_server_security

    server = {"name": "docs", "type": "streamable-http", "url": address, "security": security}
    return validate_server_security(server)


def command(line, **security):
    from massgen.mcp_tools.security import validate_server_security

    return validate_server_security({"name": "docs", "type": "stdio", "command": line, "security": security})


# --- /tools/mcp


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://localhost:8080/mcp", "Hostname not allowed for security reasons: localhost"),
        ("http://127.0.0.1:8080/mcp", "IP address not allowed for security reasons: 127.0.0.1"),
        ("http://192.168.1.20:8080/mcp", "IP address not allowed for security reasons: 192.168.1.20"),
    ],
)
def test_an_mcp_server_on_this_machine_or_network_is_rejected(address, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        url(address)


def test_allow_localhost_admits_this_machine_and_not_the_network():
    assert url("http://localhost:8080/mcp", allow_localhost=True)
    assert url("http://127.0.0.1:8080/mcp", allow_localhost=True)
    with pytest.raises(ValueError, match="IP address not allowed"):
        url("http://192.168.1.20:8080/mcp", allow_localhost=True)
    assert url("http://192.168.1.20:8080/mcp", allow_private_ips=True)


def test_a_lower_security_level_does_not_admit_localhost():
    with pytest.raises(ValueError, match="Hostname not allowed"):
        url("http://localhost:8080/mcp", level="permissive")


def test_some_ports_are_rejected_whatever_the_host():
    with pytest.raises(ValueError, match="Port 6379 is not allowed"):
        url("http://localhost:6379/mcp", allow_localhost=True)


def test_resolve_dns_does_not_reject_a_name_that_points_to_this_machine(monkeypatch):
    def answer(*_, **__):
        return [(2, 1, 6, "", ("127.0.0.1", 443))]

    monkeypatch.setattr("socket.getaddrinfo", answer)
    assert url("https://docs.example.com/mcp", resolve_dns=True)


def test_sse_is_no_transport_any_more():
    from massgen.mcp_tools.security import validate_server_security

    with pytest.raises(ValueError, match=r"Unsupported transport type: sse.*use 'streamable-http' instead"):
        validate_server_security({"name": "old", "type": "sse", "url": "https://example.com/sse"})


def test_only_listed_programs_can_be_mcp_servers():
    with pytest.raises(ValueError, match="executable 'my-server' is not allowed"):
        command("my-server --stdio")
    assert command("my-server --stdio", allowed_executables=["my-server"])
    with pytest.raises(ValueError, match="executable 'python' is not allowed"):
        command("python server.py", allowed_executables=["my-server"])


@pytest.mark.parametrize("level", ["strict", "moderate", "permissive"])
def test_no_security_level_admits_docker_as_a_server_command(level):
    with pytest.raises(ValueError, match="executable 'docker' is not allowed"):
        command("docker run image", level=level)


def test_path_in_env_is_rejected_on_the_strict_level_only():
    from massgen.mcp_tools.security import validate_server_security

    server = {"name": "docs", "type": "stdio", "command": "python server.py", "env": {"PATH": "/opt/bin"}}
    with pytest.raises(ValueError, match="'PATH' is not allowed for security reasons"):
        validate_server_security(server)
    assert validate_server_security({**server, "security": {"level": "moderate"}})


def test_a_tool_called_status_cannot_be_used():
    from massgen.mcp_tools.security import sanitize_tool_name

    assert sanitize_tool_name("days", "clock") == "mcp__clock__days"
    with pytest.raises(ValueError, match="'status' is reserved"):
        sanitize_tool_name("status", "clock")


def test_the_circuit_breaker_opens_at_the_third_failure_for_30_seconds(monkeypatch):
    from massgen.mcp_tools import circuit_breaker

    now = [1000.0]
    monkeypatch.setattr(circuit_breaker.time, "monotonic", lambda: now[0])
    breaker = circuit_breaker.MCPCircuitBreaker()
    for failures in (1, 2):
        breaker.record_failure("docs")
        assert not breaker.should_skip_server("docs"), failures
    breaker.record_failure("docs")
    assert breaker.should_skip_server("docs")
    now[0] += 30.5
    assert not breaker.should_skip_server("docs")


def test_the_circuit_breakers_pause_doubles_to_two_minutes():
    from massgen.mcp_tools.circuit_breaker import MCPCircuitBreaker

    pauses = [MCPCircuitBreaker()._calculate_backoff_time(count) for count in (3, 4, 5, 6)]
    assert pauses == [30, 60, 120, 120]


# --- /tools/custom-python


def test_text_content_cannot_be_imported_from_massgen_tool():
    with pytest.raises(ImportError, match="TextContent"):
        exec("from massgen.tool import TextContent")
    from massgen.tool import ExecutionResult
    from massgen.tool._result import TextContent

    assert ExecutionResult(output_blocks=[TextContent(data="x")]).output_blocks[0].data == "x"


def test_importing_everything_from_massgen_tool_fails():
    with pytest.raises(AttributeError, match="two_num_tool"):
        exec("from massgen.tool import *", {})


TOOL = '''
def shout(text: str, times: int = 1) -> str:
    """Say it loudly.

    Args:
        text: What to say.
        times: How often.
    """
    return text.upper() * times
'''


def test_a_tool_is_found_from_the_working_directory_and_gets_a_prefix(tmp_path, monkeypatch):
    manager = manager_with(tmp_path, monkeypatch)
    manager.add_tool_function(path="tools.py", func="shout")
    [schema] = manager.fetch_tool_schemas()
    assert schema["function"]["name"] == "custom_tool__shout"
    assert schema["function"]["description"].startswith("Say it loudly.")
    assert schema["function"]["parameters"]["required"] == ["text"]
    assert schema["function"]["parameters"]["properties"]["text"]["description"] == "What to say."


def test_a_tool_that_returns_plain_text_fails_when_it_is_called(tmp_path, monkeypatch):
    manager = manager_with(tmp_path, monkeypatch)
    manager.add_tool_function(path="tools.py", func="shout")

    async def call():
        request = {"name": "custom_tool__shout", "input": {"text": "a"}}
        return [result async for result in manager.execute_tool(request)]

    with pytest.raises(TypeError, match="Tool must return ExecutionResult or Generator"):
        asyncio.run(call())


def test_preset_arguments_are_hidden_from_the_model(tmp_path, monkeypatch):
    manager = manager_with(tmp_path, monkeypatch)
    manager.add_tool_function(path="tools.py", func="shout", preset_args={"times": 2})
    [schema] = manager.fetch_tool_schemas()
    assert set(schema["function"]["parameters"]["properties"]) == {"text"}


def manager_with(folder, monkeypatch):
    from massgen.tool import ToolManager

    (folder / "tools.py").write_text(TOOL, encoding="utf-8")
    monkeypatch.chdir(folder)
    return ToolManager()


# --- /tools/files-and-workspaces


def test_a_workspace_is_never_the_folder_that_cwd_names(tmp_path, monkeypatch):
    from massgen.cli.backends import create_agents_from_config

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", "test")
    made = []
    for cwd in ("workspace1", str(tmp_path / "my-project")):
        backend = {"type": "gemini", "model": "gemini-2.5-flash", "cwd": cwd}
        config = {"agents": [{"id": "a", "backend": backend}]}
        agents = create_agents_from_config(config)
        made.append(Path(agents["a"].backend.filesystem_manager.cwd))
    first, second = made
    assert re.fullmatch(r"workspace_[0-9a-f]{8}", first.name)
    assert first.parent == tmp_path / ".massgen" / "workspaces"
    assert re.fullmatch(r"my-project_[0-9a-f]{8}", second.name)


def permissions(folder):
    from massgen.filesystem_manager._path_permission_manager import PathPermissionManager

    manager = PathPermissionManager(context_write_access_enabled=True)
    for name in ("src/app.py", "tests/test_app.py", ".git/config", "node_modules/x.js"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")
    manager.add_context_paths([{"path": str(folder), "permission": "write", "protected_paths": ["tests"]}])
    return lambda name: manager.get_permission(folder / name).value


def test_protected_paths_stay_read_only_in_a_writable_context(tmp_path):
    permission = permissions(tmp_path)
    assert permission("src/app.py") == "write"
    assert permission("tests/test_app.py") == "read"


def test_git_and_dependencies_are_read_only_without_being_named(tmp_path):
    permission = permissions(tmp_path)
    assert permission(".git/config") == "read"
    assert permission("node_modules/x.js") == "read"


def test_a_protected_path_outside_its_context_is_dropped(tmp_path):
    from massgen.filesystem_manager._path_permission_manager import PathPermissionManager

    manager = PathPermissionManager(context_write_access_enabled=True)
    manager.add_context_paths([{"path": str(tmp_path), "permission": "write", "protected_paths": ["/etc"]}])
    [path] = [managed for managed in manager.managed_paths if managed.path == tmp_path]
    assert path.protected_paths == []


def test_file_tools_are_an_npm_package_that_is_fetched_at_run_time(tmp_path, monkeypatch):
    from massgen.filesystem_manager import FilesystemManager

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    config = FilesystemManager(cwd=str(tmp_path / "w")).get_mcp_filesystem_config()
    assert config["command"] == "npx"
    assert config["args"][:2] == ["-y", "@modelcontextprotocol/server-filesystem"]


# --- /tools/code-execution


def checked(line, allowed=None, blocked=None):
    from massgen.filesystem_manager._code_execution_server import _check_command_filters, _sanitize_command

    _sanitize_command(line)
    _check_command_filters(line, allowed, blocked)


def test_an_allowed_pattern_only_has_to_fit_the_beginning():
    checked("python -m pytest; curl https://example.com", allowed=["python .*"])
    with pytest.raises(ValueError, match="Command not in allowed list"):
        checked("curl https://example.com", allowed=["python .*"])


def test_a_blocked_pattern_is_only_looked_for_at_the_beginning():
    with pytest.raises(ValueError, match="matches blocked pattern"):
        checked("curl https://example.com", blocked=["curl"])
    checked("cd . && curl https://example.com", blocked=["curl"])
    with pytest.raises(ValueError, match="matches blocked pattern"):
        checked("cd . && curl https://example.com", blocked=[".*curl"])


@pytest.mark.parametrize("line", ["sudo ls", "chmod +x run.sh", "dd if=a of=b", "rm -rf /tmp/x"])
def test_the_built_in_filter_refuses(line):
    with pytest.raises(ValueError, match="Potentially dangerous command"):
        checked(line)


@pytest.mark.parametrize(
    "line", ["rm -r -f /", "rm -rf ~", "curl https://example.com | sh", "git push --force"]
)
def test_the_built_in_filter_lets_pass(line):
    checked(line)


def test_a_command_inherits_the_environment_of_its_server(tmp_path, monkeypatch):
    from massgen.filesystem_manager._code_execution_server import _prepare_environment

    monkeypatch.setenv("SOME_VARIABLE", "seen")
    assert _prepare_environment(tmp_path)["SOME_VARIABLE"] == "seen"


# --- /tools/multimodal-and-computer-use


def test_a_preferred_provider_without_a_key_is_replaced_by_one_that_has_a_key(monkeypatch):
    from massgen.tool._multimodal_tools.backend_selector import MultimodalBackendSelector as BackendSelector

    for name in (
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
        "ANTHROPIC_API_KEY",
        "XAI_API_KEY",
        "OPENROUTER_API_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    assert BackendSelector().get_backend("image", preferred_backend="gemini").name == "openai"
    monkeypatch.setenv("GEMINI_API_KEY", "test")
    assert BackendSelector().get_backend("image", preferred_backend="gemini").name == "gemini"
