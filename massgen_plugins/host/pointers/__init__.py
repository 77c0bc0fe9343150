"""Points agents' programs to the gateway, with one module per MassGen backend.

Changes are limited to one agent: its backend instance and its program's environment or configuration, never
the environment of this process.
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
"""Pointer classes by MassGen's backend type."""
