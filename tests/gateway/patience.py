"""Tries the patience of the real programs: an answer that comes late, at the real times.

python -m tests.gateway.patience [SECONDS] [PROGRAM ...]

Each program is started by itself, beside the others, and is pointed at a gateway in this process; the sandbox
behind it keeps the headers of its first answer back for 340 seconds, as a queue would. A program has passed
if it shows the answer, and if the sandbox has seen one request: more would be more calls booked.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import claude_agent_sdk

from massgen_plugins.gateway import PATIENCE, Entrance, Gateway
from massgen_plugins.host.pointers.base import past_proxies
from massgen_plugins.sandbox import Network, Sandbox, SandboxConfig

from .copilot_session import MODEL, ask_copilot

FOLDER = Path(sys.prefix) / "programs" / "node_modules" / ".bin"
CLAUDE = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
ASKED = "What is 2+2?"
LATE = 340.0
STARTS = 120.0
_TRUSTS = {"GEMINI_CLI_TRUST_WORKSPACE": "true"}


def commands(base: str, home: Path) -> dict[str, tuple[list[str], dict[str, str]]]:
    """What each program is started with, and its environment."""
    codex = home / ".codex"
    codex.mkdir()
    (codex / "config.toml").write_text(f'openai_base_url = "{base}/v1"\nmodel = "gpt-5.4"\n')
    (codex / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": "sk-test"}))
    gemini = home / ".gemini"
    gemini.mkdir()
    (gemini / "settings.json").write_text(
        json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}})
    )
    return {
        "claude_code": (
            [str(CLAUDE), "-p", ASKED, "--model", "claude-sonnet-4-5"],
            {"ANTHROPIC_BASE_URL": base, "ANTHROPIC_API_KEY": "sk-ant-api03-test"},
        ),
        "codex": (
            [str(FOLDER / "codex"), "exec", "--json", "--skip-git-repo-check", ASKED],
            {"CODEX_HOME": str(codex)},
        ),
        "gemini_cli": (
            [str(FOLDER / "gemini"), "-m", "gemini-2.5-flash", "-p", ASKED],
            {"GOOGLE_GEMINI_BASE_URL": base, "GEMINI_API_KEY": "AIza-test", **_TRUSTS},
        ),
    }


async def run(name: str, late: float) -> str:
    """Try one program; a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(SandboxConfig(quotas={MODEL: ()}, network=Network(latency=late))) as sandbox:
            begun = time.monotonic()
            said = await _through_a_gateway(name, sandbox.url, Path(folder), late)
            took = time.monotonic() - begun
            requests = len(sandbox.report().requests)
    passed = "Answer number 1 of the sandbox" in said and requests == 1
    return f"| `{name}` | {took:.0f} s | {requests} | {'yes' if passed else 'NO: ' + said[-300:]} |"


async def _through_a_gateway(name: str, url: str, home: Path, late: float) -> str:
    gateway = Gateway(lambda place, error: sys.stderr.write(f"{place}: {error!r}\n"))
    try:
        base = gateway.open(Entrance(lambda _: url, nullcontext, PATIENCE[name]))
        if name == "copilot":
            return await ask_copilot(home, base, ASKED, late + STARTS)
        return await _program(name, base, home, late)
    finally:
        gateway.close()


async def _program(name: str, base: str, home: Path, late: float) -> str:
    command, environment = commands(base, home)[name]
    child = await asyncio.create_subprocess_exec(
        *command,
        cwd=home,
        env=_environment(home, environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(child.communicate(), late + STARTS)
    except TimeoutError:
        child.kill()
        return "it did not end"
    return said.decode("utf-8", "replace")


def _environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    return {"HOME": str(home), "PATH": f"{FOLDER}:{os.environ['PATH']}", **more, **past_proxies({})}


async def main(late: float, names: list[str]) -> None:
    """Try them all at once, and print the table."""
    rows = await asyncio.gather(*(run(name, late) for name in names))
    head = f"| program, answered after {late:g} s | took | requests | passed |"
    sys.stdout.write("\n".join([head, "| --- | --- | --- | --- |", *rows, ""]))


if __name__ == "__main__":
    numbers = [float(each) for each in sys.argv[1:] if each.replace(".", "").isdigit()]
    chosen = [each for each in sys.argv[1:] if each in PATIENCE]
    asyncio.run(main(numbers[0] if numbers else LATE, chosen or list(PATIENCE)))
