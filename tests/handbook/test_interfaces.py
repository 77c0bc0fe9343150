"""What the pages about interfaces, keys of providers, skills, hooks and checkpoints say of MassGen 0.1.97."""

from __future__ import annotations

import asyncio
import inspect
import re
from pathlib import Path

import pytest

from .checks import host
from .checks.places import DOCS

HOOK = {"PreToolUse": [{"handler": "guard.no_publishing", "fail_closed": False}]}


def page(name):
    """A page as it is written."""
    return (DOCS / f"{name}.mdx").read_text(encoding="utf-8")


def source(name):
    return inspect.getsource(host.module(name))


def table_codes(text, title):
    """The first column's codes of the table below a heading."""
    section = text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]


# --- /start/interface


def test_the_page_has_every_command_of_the_terminal_interface_and_no_other():
    handled = source("massgen.frontend.interactive_controller").split("Unknown command")[0]
    lines = [
        line
        for line in handled.splitlines()
        if re.search(r"\b(el)?if cmd (in|==) ", line) and "#" not in line
    ]
    known = {name for line in lines for name in re.findall(r'"(/[\w?]+)"', line)}
    assert set(table_codes(page("start/interface"), "Commands")) == known


def test_the_command_output_of_the_help_is_not_handled():
    text = source("massgen.frontend.interactive_controller")
    assert "/output [agent]" in text
    assert '"/output"' not in text


@pytest.mark.parametrize(
    ("binding", "key"),
    [
        ('"ctrl+d", "quit"', "Ctrl+D"),
        ('"ctrl+c", "handle_ctrl_c"', "Ctrl+C"),
        ('"ctrl+g", "show_help"', "Ctrl+G"),
        ('"ctrl+p", "toggle_cwd"', "Ctrl+P"),
        ('"ctrl+o", "trigger_override"', "Ctrl+O"),
        ('"ctrl+t", "toggle_task_plan"', "Ctrl+T"),
        ('"ctrl+e", "show_evaluation_criteria"', "Ctrl+E"),
        ('"ctrl+u", "show_subagents"', "Ctrl+U"),
        ('"ctrl+shift+i", "toggle_human_input_target"', "Ctrl+Shift+I"),
        ('"ctrl+shift+t", "toggle_theme"', "Ctrl+Shift+T"),
        ('"shift+tab", "toggle_plan_mode"', "Shift+Tab"),
        ('"f", "go_to_winner"', "F"),
        ('"b", "open_background_tools"', "B"),
    ],
)
def test_the_page_has_the_keys_of_the_terminal_interface(binding, key):
    assert f"Binding({binding}" in source("massgen.frontend.displays.textual_terminal_display")
    assert re.search(rf"^\| {re.escape(key)} \|", page("start/interface"), re.MULTILINE)


def test_copy_mode_has_its_key():
    banner = host.module("massgen.frontend.displays.textual_widgets.copy_mode_banner")
    assert banner.COPY_MODE_BINDING == "ctrl+shift+s"
    assert "| Ctrl+Shift+S |" in page("start/interface")


# --- /operate/web-interface


def test_health_can_be_asked_and_keys_can_be_stored():
    text = source("massgen.frontend.web.server")
    assert '@app.get("/api/health")' in text
    assert '@app.post("/api/setup/api-keys")' in text


# --- /keys/get-a-key


def test_every_variable_of_the_table_is_the_one_of_a_backend():
    registry = host.module("massgen.backend.capabilities").BACKEND_CAPABILITIES
    known = {entry.env_var for entry in registry.values() if entry.env_var}
    rows = [line for line in page("keys/get-a-key").splitlines() if line.startswith("| ") and "_KEY`" in line]
    named = {re.search(r"`(\w+_KEY)`", row)[1] for row in rows}
    assert len(named) > 12
    assert named <= known


# --- /tools/skills-hooks-checkpoints


@pytest.fixture
def hooks():
    return host.module("massgen.mcp_tools.hooks")


def test_a_hook_that_cannot_be_imported_refuses_whatever_fail_closed_says(hooks):
    hook = hooks.PythonCallableHook("guard", "guard_that_is_nowhere.no_publishing", fail_closed=False)
    result = asyncio.run(hook.execute("execute_command", '{"command": "ls"}'))
    assert result.decision == "deny"


@pytest.mark.parametrize(("command", "decision"), [("git push origin", "deny"), ("git status", "allow")])
def test_the_function_of_the_page_refuses_what_it_says(hooks, command, decision):
    code = re.search(
        r'```python compile title="guard.py"\n(.*?)```', page("tools/skills-hooks-checkpoints"), re.DOTALL
    )
    namespace = {}
    exec(code[1], namespace)
    hook = hooks.PythonCallableHook("guard", namespace["no_publishing"])
    result = asyncio.run(hook.execute("execute_command", f'{{"command": "{command}"}}'))
    assert result.decision == decision


def test_a_hook_that_fails_lets_the_call_pass_unless_it_is_fail_closed(hooks):
    def broken(_):
        raise RuntimeError

    for fail_closed, decision in ((False, "allow"), (True, "deny")):
        hook = hooks.PythonCallableHook("guard", broken, fail_closed=fail_closed)
        assert asyncio.run(hook.execute("any", "{}")).decision == decision


def test_only_the_hooks_of_a_backend_are_read():
    backend = host.module("massgen.cli.backends").create_backend("vllm", model="m", hooks=HOOK)
    assert backend._general_hook_manager is not None
    readers = {
        path.name: re.findall(r"(\S+)\.get\(.hooks.\)", path.read_text(encoding="utf-8"))
        for path in Path(host.module("massgen").__file__).parent.rglob("*.py")
        if "tests" not in path.parts
    }
    config_readers = {name: found for name, found in readers.items() if found and "cli" not in name}
    assert config_readers["midstream_injection_hook_installer.py"] == ["agent.backend.config"] * 2
    assert "self.config" in config_readers.pop("base_with_custom_tool_and_mcp.py")
    assert set(config_readers) == {"midstream_injection_hook_installer.py"}


def test_nothing_installs_the_hook_for_gated_tools():
    package = Path(host.module("massgen").__file__).parent
    users = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "CheckpointGatedHook(" in path.read_text(encoding="utf-8") and "tests" not in path.parts
    ]
    assert users == []


def test_a_question_for_the_web_page_is_started_by_the_page_and_by_the_server():
    command = source("massgen.cli.entrypoint")
    assert 'url_params.append(f"prompt={urllib.parse.quote(question)}")' in command
    assert "question=question if question else None," in command
    server = source("massgen.frontend.web.server")
    assert re.search(r"if pending_q and not display:.*?run_coordination\(", server, re.DOTALL)
    assert "14 calls, not 7" in page("fix/known-traps")
