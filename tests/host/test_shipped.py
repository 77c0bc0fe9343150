"""MassGen's own tests, which ship in its wheel, come out the same with the package as without."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.e2e

# What runs without a network and touches a seam of ours, or stands beside one.
FILES = [
    "test_api_params_exclusion",
    "test_backend_cost_tracking",
    "test_backend_event_loop_all",
    "test_chat_completions_refactor",
    "test_cli_backends",
    "test_cli_cwd_context_flag",
    "test_cli_mode_flags",
    "test_cli_orchestrator_param_mapping",
    "test_cli_pure_functions",
    "test_cli_run_loops",
    "test_config_validator",
    "test_excluded_params_single_source",
    "test_final_presentation_fallback",
    "test_gemini_planning_mode",
    "test_gemini_tool_name_normalization",
    "test_grok_backend",
    "test_llm_cb_backends",
    "test_llm_circuit_breaker",
    "test_orchestration_restart",
    "test_orchestrator_characterization",
    "test_plan_execution_chunked",
    "test_programmatic_api",
    "test_rate_limiter",
    "test_specialized_subagents",
    "test_step_mode",
    "test_streaming_buffer",
    "test_subagent",
    "test_subagent_cancel",
    "test_subagent_cancellation_recovery",
    "test_subagent_docker_logs",
    "test_subagent_manager",
    "test_subagent_manager_paths",
    "test_subagent_mcp_server",
    "test_subagent_result_formatter",
    "test_timeout",
    "test_web_mode_overrides",
    "test_websocket_mode",
    "test_webui_config_parity",
]

WITNESS = """
import sys
def pytest_sessionfinish():
    backends = sys.modules["massgen.cli.backends"]
    wrapping = sys.modules.get("massgen_plugins.wrapping")
    attached = wrapping is not None and wrapping.is_wrapped(backends, "create_agents_from_config")
    open("attached", "w").write(str(attached))
"""


def outcomes(folder: Path, **environment: str) -> tuple[bool, Mapping[str, str]]:
    """Whether we were attached, and what became of each test."""
    folder.mkdir()
    (folder / "witness.py").write_text(WITNESS, encoding="utf-8")
    (folder / "own.ini").write_text("[pytest]\n", encoding="utf-8")
    tests = Path(find_spec("massgen").submodule_search_locations[0]) / "tests"
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    options = ["-q", "-p", "witness", "-p", "no:cacheprovider", "-c", "own.ini", "--junitxml", "outcomes.xml"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(str(tests / f"{name}.py") for name in FILES)],
        cwd=folder,
        env={**kept, "HOME": str(folder), "PYTHONPATH": path, **environment},
        stdout=subprocess.DEVNULL,
        timeout=400,
        check=False,
    )
    attached = (folder / "attached").read_text(encoding="utf-8") == "True"
    return attached, dict(map(_outcome, ET.parse(folder / "outcomes.xml").iter("testcase")))


def _outcome(case: ET.Element) -> tuple[str, str]:
    kinds = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
    return f"{case.get('classname')}::{case.get('name')}", ", ".join(kinds) or "passed"


def test_the_outcomes_are_the_same(tmp_path):
    attached, with_us = outcomes(tmp_path / "with")
    absent, without_us = outcomes(tmp_path / "without", MASSGEN_PLUGINS_DISABLE="1")
    assert (attached, absent) == (True, False)
    assert with_us == without_us
    assert list(with_us.values()).count("passed") > 1000
