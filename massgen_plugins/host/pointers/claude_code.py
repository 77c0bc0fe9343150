"""Claude Code: extends the environment that MassGen passes to Anthropic's Agent SDK."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from massgen_plugins.host.pointers.base import Enter, NotPointed, Pointer, past_proxies

__all__ = ["ClaudeCodePointer"]

_BASE_URL = "ANTHROPIC_BASE_URL"
_ANTHROPIC = "https://api.anthropic.com"
_PLAN_TOKEN = "sk-ant-oat"  # noqa: S105 - the beginning of every token of a plan
_ELSEWHERE = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
_OFF = ("", "0", "false", "no", "off")


class ClaudeCodePointer(Pointer):
    """Adds to the options' ``env``; a base URL that is already set becomes the upstream URL."""

    def __init__(self, backend: Any) -> None:
        super().__init__(backend)
        self._upstream = _ANTHROPIC

    def uses_plan(self) -> bool:
        environment = self._environment(self.backend.config.get("env"))
        # In the program's own order of precedence.
        names = ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY")
        key = next((environment[name] for name in names if environment.get(name)), self.backend.api_key)
        return not key or str(key).startswith(_PLAN_TOKEN)

    def point(self, enter: Enter) -> None:
        environment = self._environment(self.backend.config.get("env"))
        for name in _ELSEWHERE:
            if environment.get(name, "").lower() not in _OFF:
                raise NotPointed(f"{name} is set, and requests to that cloud are not read")
        original = self.backend._build_claude_options  # noqa: SLF001 - the one place that knows the child
        base_url = enter(lambda _: self._upstream)

        def _build_claude_options(**options_kwargs: Any) -> Any:
            options = original(**options_kwargs)
            given = self._environment(options.env)
            self._upstream = given.get(_BASE_URL) or _ANTHROPIC
            options.env = {**options.env, _BASE_URL: base_url, **past_proxies(given)}
            return options

        self.backend._build_claude_options = _build_claude_options  # noqa: SLF001 - as above

    def runs_in_docker(self) -> bool:
        """Never: of this backend only the commands run there."""
        return False

    def _environment(self, more: Mapping[str, str] | None) -> dict[str, str]:
        return {**os.environ, **(more or {})}
