"""Points the programs in which some agents work at the gateway: one file for each of MassGen's backends.

What is changed is changed for one agent: on its backend's instance, in its program's environment or
configuration, and never in the environment of this process.
"""

from __future__ import annotations

from massgen_plugins.host.pointers.base import NotPointed, Pointer
from massgen_plugins.host.pointers.claude_code import ClaudeCodePointer
from massgen_plugins.host.pointers.codex import CodexPointer
from massgen_plugins.host.pointers.copilot import CopilotPointer
from massgen_plugins.host.pointers.gemini_cli import GeminiCliPointer

__all__ = ["POINTERS", "NotPointed", "Pointer"]

POINTERS: dict[str, type[Pointer]] = {
    "claude_code": ClaudeCodePointer,
    "codex": CodexPointer,
    "copilot": CopilotPointer,
    "gemini_cli": GeminiCliPointer,
}
"""By MassGen's backend type."""
