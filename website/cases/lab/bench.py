"""The bench on which a case is set up: its folder, a provider, users."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from lab.household import Household
from lab.results import Story

from massgen_plugins.sandbox import Network, Quota, SandboxConfig, SandboxProcess, per_model

__all__ = ["Lab"]

_FILES = ("*.yaml", "*.py", "*.json", "*.md", "data/*")
_NOT_FOR_USERS = frozenset({"case.py", "result.json"})


class Lab:
    """What a case is run with; everything that it starts ends with the ``with`` block.

    Args:
        case: The case's folder: its files are copied into every project.
        scratch: An empty directory.
    """

    def __init__(self, case: Path, scratch: Path) -> None:
        self.case = case
        self.story = Story()
        self._scratch = scratch
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def provider(  # noqa: PLR0913 (all by name)
        self,
        *,
        rpm: int | None = None,
        tpm: int | None = None,
        rpd: int | None = None,
        latency: float = 0.3,
        chunk: float = 0.0,
        words: int = 40,
        quotas: Mapping[str, tuple[Quota, ...]] | None = None,
        **more: Any,
    ) -> SandboxProcess:
        """Start a provider on this machine.

        Args:
            rpm: Requests per minute of each model, sliding; None for no limit.
            tpm: Input tokens per minute.
            rpd: Requests per day.
            latency: Seconds from a request's arrival to its answer.
            chunk: Seconds before each further event of a streamed answer.
            words: Length of an answer.
            quotas: Limits by model instead.
            more: Further settings of the sandbox.
        """
        limits = per_model(rpm=rpm, tpm=tpm, rpd=rpd)
        allowed = quotas or ({"*": limits} if limits else {})
        network = Network(latency=latency, chunk=chunk)
        config = SandboxConfig(quotas=allowed, network=network, answer_words=words, **more)
        return self._stack.enter_context(SandboxProcess(config))

    def user(self, name: str, provider: SandboxProcess, **environment: str) -> Household:
        """Somebody with the case's files in their project."""
        user = Household(self._scratch / name, provider.url, environment)
        for pattern in _FILES:
            for file in self.case.glob(pattern):
                if file.name not in _NOT_FOR_USERS:
                    user.write(str(file.relative_to(self.case)), file.read_text("utf-8"))
        return user
