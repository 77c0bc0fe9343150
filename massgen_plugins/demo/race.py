"""Runs both variants concurrently, each against its own sandbox, to halve the user's waiting time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from massgen_plugins.demo.comparison import WITH, WITHOUT, Comparison
from massgen_plugins.demo.examples import Example
from massgen_plugins.demo.failure import DemoError
from massgen_plugins.demo.findings import examine
from massgen_plugins.demo.host_run import HostRun
from massgen_plugins.demo.household import Household
from massgen_plugins.demo.observer import read_record
from massgen_plugins.demo.progress import Progress, Snapshot
from massgen_plugins.sandbox import Network, Quota, SandboxConfig, SandboxProcess, per_model

__all__ = ["compare"]

_QUESTION = "What is the capital of France, and what is it known for?"
_FLASH = per_model(rpm=10, tpm=250_000, rpd=250)
_PRO = per_model(rpm=2, tpm=125_000, rpd=50)
"""Limits of a former Gemini free tier, for which MassGen's examples were written."""

_LATENCY = 0.3
_LOOK_EVERY = 0.5
_GIVE_UP_AFTER = 1800.0
"""Seconds after which MassGen ends a coordination by itself."""


class _Contender:
    """One of the runs, with its sandbox and household."""

    def __init__(self, title: str, sandbox: SandboxProcess, run: HostRun, *, limited: bool) -> None:
        self.title = title
        self.sandbox = sandbox
        self.run = run
        self.limited = limited

    def snapshot(self) -> Snapshot:
        """The current state of the run."""
        report = self.sandbox.report()
        over = self.run.is_over()
        state = "finished" if over else "running" if report.requests else "MassGen is starting"
        waiting = read_record(self.run.household.record).waiting if self.limited else None
        return Snapshot(self.title, report.served, report.refused, waiting, self.run.elapsed, state)


def compare(example: Example, rpm: int | None, folder: Path, progress: Progress) -> Comparison:
    """Run an example without and with the switch.

    Args:
        example: The example.
        rpm: Requests per minute per model, for sandbox and limiter; None for the usual limits, under the
            default profile.
        folder: An empty directory for both households.
        progress: Displays the progress.

    Raises:
        DemoError: MassGen could not be started, or did not terminate.
    """
    limits = {} if rpm is None else dict.fromkeys(example.models, rpm)
    quotas = {model: _quota(model, rpm) for model in example.models}
    config = SandboxConfig(quotas=quotas, network=Network(latency=_LATENCY))
    with ExitStack() as stack:
        contenders = []
        for title, text in ((WITHOUT, example.text), (WITH, example.switched)):
            household = Household(folder / title.replace(" ", "-"))
            household.furnish(text, limits)
            contenders.append(_start(stack, title, household, config))
        _watch(contenders, progress)
        held = read_record(contenders[1].run.household.record).rpm
        without, switched = (examine(each.run, each.sandbox.report(), held) for each in contenders)
    return Comparison(example.name, without, switched)


def _start(stack: ExitStack, title: str, household: Household, config: SandboxConfig) -> _Contender:
    sandbox = stack.enter_context(SandboxProcess(config))
    run = stack.enter_context(HostRun(household, sandbox.url, _QUESTION))
    return _Contender(title, sandbox, run, limited=title == WITH)


def _watch(contenders: Iterable[_Contender], progress: Progress) -> None:
    contenders = tuple(contenders)
    while True:
        snapshots = [contender.snapshot() for contender in contenders]
        progress.show(snapshots)
        if all(contender.run.is_over() for contender in contenders):
            return
        if max(snapshot.elapsed for snapshot in snapshots) > _GIVE_UP_AFTER:
            raise DemoError(f"MassGen did not end within {_GIVE_UP_AFTER / 60:g} minutes.")
        time.sleep(_LOOK_EVERY)


def _quota(model: str, rpm: int | None) -> tuple[Quota, ...]:
    if rpm:
        return per_model(rpm=rpm, tpm=250_000, rpd=250)
    return _PRO if "-pro" in model else _FLASH
