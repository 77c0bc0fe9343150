"""Codex: edits the configuration file that MassGen writes for each agent, and the command that it starts."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from massgen_plugins.host.pointers.base import Enter, NotPointed, Pointer, past_proxies

__all__ = ["CodexPointer"]

_OPENAI = "https://api.openai.com/v1"
_CHATGPT = "https://chatgpt.com/backend-api/codex"
_BASE_URL = "openai_base_url"
_OF_THE_MACHINE = Path("/etc/codex/config.toml")
"""Codex reads it with lower precedence. It does not read the user's own: MassGen sets ``CODEX_HOME``."""


class CodexPointer(Pointer):
    """Puts the base URL into the agent's ``config.toml``, and makes that file private."""

    def uses_plan(self) -> bool:
        """Whether it is a ChatGPT login, which ``OPENAI_API_KEY`` in the environment does not override."""
        if os.environ.get("CODEX_API_KEY"):
            return False
        login = _read_login(self.backend.auth_file)
        if mode := login.get("auth_mode"):
            return str(mode).lower() != "apikey"
        return bool(login.get("tokens")) and not login.get("OPENAI_API_KEY")

    def point(self, enter: Enter) -> None:
        machine = _read(_OF_THE_MACHINE)
        if "model_provider" in machine:
            raise NotPointed(f"{_OF_THE_MACHINE} names a model provider of its own")
        named = machine.get(_BASE_URL)

        def upstream(headers: Mapping[str, str]) -> str:
            return str(named) if named else _CHATGPT if "chatgpt-account-id" in headers else _OPENAI

        self._write_base_url(enter(upstream))
        self._bypass_proxies()

    def _write_base_url(self, base_url: str) -> None:
        original = self.backend._write_workspace_config  # noqa: SLF001 - where MassGen writes the file

        def _write_workspace_config() -> None:
            original()
            file = Path(self.backend.cwd) / ".codex" / "config.toml"
            rest = file.read_text(encoding="utf-8") if file.exists() else ""
            _write(file, f'{_BASE_URL} = "{base_url}"\n{rest}')  # must precede any table

        self.backend._write_workspace_config = _write_workspace_config  # noqa: SLF001 - as above

    def _bypass_proxies(self) -> None:
        original = self.backend._build_exec_command  # noqa: SLF001 - its environment is MassGen's own

        def _build_exec_command(*args: Any, **kwargs: Any) -> list[str]:
            variables = [f"{name}={value}" for name, value in past_proxies(os.environ).items()]
            return ["env", *variables, *original(*args, **kwargs)]

        self.backend._build_exec_command = _build_exec_command  # noqa: SLF001 - as above


def _read(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        return tomllib.loads(file.read_text(encoding="utf-8"))
    return {}


def _read_login(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _write(file: Path, text: str) -> None:
    """Atomically replace a file, with mode 0600."""
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as new:
        new.write(text)
    Path(name).replace(file)
