"""Proves limiting with three simultaneous calls of a MassGen agent to a sandbox that grants two per 3 s."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from massgen_plugins.demo.failure import DemoError
from massgen_plugins.demo.household import Household
from massgen_plugins.sandbox import SandboxConfig, SandboxProcess, per_model

__all__ = ["Proof", "prove"]

_MODEL = "gemini-2.5-flash"
_CALLS, _GRANTED, _WINDOW = 3, 2, 3
_PATIENCE = 120
_PROGRAM = """\
import asyncio, json, sys, time
import massgen.cli
from massgen.cli.backends import create_agents_from_config

config = json.loads(sys.argv[1])
agent = next(iter(create_agents_from_config(config).values()))
ends = []

async def call():
    hello = [{"role": "user", "content": "Hello"}]
    async for chunk in agent.backend.stream_with_tools(hello, [], agent_id="proof"):
        if chunk.type == "error":
            raise SystemExit(str(chunk.error)[:300])
    ends.append(time.monotonic())

async def main():
    await asyncio.gather(*(call() for _ in range(int(sys.argv[2]))))

begun = time.monotonic()
asyncio.run(main())
print("PROOF", json.dumps([round(end - begun, 1) for end in ends]))
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """Results of the calls.

    Attributes:
        served: Number of calls that the sandbox answered.
        refused: Number of calls that it refused.
        seconds: Duration of each call.
    """

    served: int
    refused: int
    seconds: tuple[float, ...]

    @property
    def limited(self) -> bool:
        """Whether all calls were answered, none was refused, and the last one waited for its quota."""
        return self.served == _CALLS and not self.refused and self.seconds[-1] >= _WINDOW - 0.5


def prove() -> Proof:
    """Make the calls in a separate process, with its own home directory, store and key.

    Raises:
        DemoError: MassGen could not be started, or a call failed.
    """
    quotas = {_MODEL: per_model(rpm=_GRANTED, minute=float(_WINDOW))}
    try:
        with (
            tempfile.TemporaryDirectory(prefix="massgen-plugins-init-") as folder,
            SandboxProcess(SandboxConfig(quotas=quotas)) as sandbox,
        ):
            household = Household(Path(folder) / "home")
            household.furnish("", {})
            seconds = _run(household, sandbox.url)
            report = sandbox.report()
            return Proof(report.served, report.refused, seconds)
    except (OSError, RuntimeError) as error:
        raise DemoError(f"The sandbox on this machine could not be used: {error}") from error


def _run(household: Household, url: str) -> tuple[float, ...]:
    command = [sys.executable, "-c", _PROGRAM, json.dumps(_configuration()), str(_CALLS)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own text
            command,
            cwd=household.work,
            env=household.environment(url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DemoError(f"MassGen did not make {_CALLS} calls within {_PATIENCE} s.") from None
    said = next((line for line in done.stdout.splitlines() if line.startswith("PROOF ")), "")
    if done.returncode or not said:
        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise DemoError(f"The calls failed: {last[:300]}")
    return tuple(json.loads(said.removeprefix("PROOF ")))


def _configuration() -> dict[str, object]:
    limits = [{"kind": "requests", "amount": _GRANTED, "window": f"{_WINDOW}s"}]
    none = dict.fromkeys(("rpm", "rpd", "tpm"))
    return {
        "agents": [
            {"id": "proof", "backend": {"type": "gemini", "model": _MODEL, "enable_rate_limit": True}}
        ],
        "rate_limit": {"store": "memory", "models": {_MODEL: {**none, "cooldown": 0, "limits": limits}}},
    }
