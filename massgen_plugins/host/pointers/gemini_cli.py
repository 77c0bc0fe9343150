"""Gemini CLI: extends the environment and the settings file that MassGen creates for it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from massgen_plugins.host.pointers.base import Enter, NotPointed, Pointer, past_proxies

__all__ = ["GeminiCliPointer"]

_KEY_URL, _GOOGLE = "GOOGLE_GEMINI_BASE_URL", "https://generativelanguage.googleapis.com"
_PLAN_URL, _CODE_ASSIST = "CODE_ASSIST_ENDPOINT", "https://cloudcode-pa.googleapis.com"
_KEY_LOGIN = "gemini-api-key"
_VERTEX, _TRUST = "GOOGLE_GENAI_USE_VERTEXAI", "GEMINI_CLI_TRUST_WORKSPACE"
_UNTRUSTED = (
    "Gemini CLI does not read the settings in the agent's workspace, MassGen's own among them, since the "
    f"folder is not trusted; set {_TRUST}=true if you trust what is in it"
)


class GeminiCliPointer(Pointer):
    """Adds the base URL to the program's environment.

    With a base URL, the program uses an API key only if its settings say so, so the workspace settings do.
    """

    def __init__(self, backend: Any) -> None:
        super().__init__(backend)
        self._upstream = ""
        self._home = _read(Path.home() / ".gemini" / "settings.json")

    def uses_plan(self) -> bool:
        login = self._login()
        return login != _KEY_LOGIN if login else not self.backend.api_key

    def point(self, enter: Enter) -> None:
        if os.environ.get(_VERTEX, "").lower() == "true":
            raise NotPointed(f"{_VERTEX} is set, and requests to that cloud are not read")
        variable, usual = (_PLAN_URL, _CODE_ASSIST) if self.uses_plan() else (_KEY_URL, _GOOGLE)
        says_nothing = variable == _KEY_URL and self._login() is None
        if says_nothing and not self._is_trusted():
            raise NotPointed(_UNTRUSTED)
        base_url = enter(lambda _: self._upstream)
        if says_nothing:
            self._write_login()
        original = self.backend._build_subprocess_env  # noqa: SLF001 - the one place that knows the child

        def _build_subprocess_env(*args: Any, **kwargs: Any) -> dict[str, str]:
            environment: dict[str, str] = original(*args, **kwargs)
            self._upstream = environment.get(variable) or usual
            return {**environment, variable: base_url, **past_proxies(environment)}

        self.backend._build_subprocess_env = _build_subprocess_env  # noqa: SLF001 - as above

    def _login(self) -> str | None:
        """The login method selected in the program's settings."""
        chosen = _at(self._home, "security", "auth", "selectedType")
        return str(chosen) if chosen else None

    def _write_login(self) -> None:
        original = self.backend._write_workspace_config  # noqa: SLF001 - where MassGen writes the file

        def _write_workspace_config() -> None:
            original()
            file = Path(self.backend.cwd) / ".gemini" / "settings.json"
            settings = _read(file)
            settings.setdefault("security", {}).setdefault("auth", {}).setdefault("selectedType", _KEY_LOGIN)
            file.write_text(json.dumps(settings, indent=2), encoding="utf-8")

        self.backend._write_workspace_config = _write_workspace_config  # noqa: SLF001 - as above

    def _is_trusted(self) -> bool:
        """Whether the program reads the workspace's settings, by its own rules."""
        said = os.environ.get(_TRUST)
        if said in ("true", "false"):
            return said == "true"
        if _at(self._home, "security", "folderTrust", "enabled") is False:
            return True
        folders = _read(Path.home() / ".gemini" / "trustedFolders.json")
        here = Path(self.backend.cwd).resolve()
        return any(
            folders.get(str(place)) in ("TRUST_FOLDER", "TRUST_PARENT") for place in (here, *here.parents)
        )


def _at(settings: Mapping[str, Any], *path: str) -> Any:
    found: Any = settings
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _read(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}
