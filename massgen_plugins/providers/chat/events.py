"""Recognises the preamble and the last event of a stream."""

from __future__ import annotations

import re
from typing import Any

from massgen_plugins.providers.sse import read_event
from massgen_plugins.providers.text import read_json

__all__ = ["is_end", "is_preamble"]

_RESPONSES = re.compile(rb'"type"\s{0,4}:\s{0,4}"response\.(?:created|queued|in_progress)"')
_RESPONSES_END = re.compile(rb'"type"\s{0,4}:\s{0,4}"response\.(?:completed|incomplete|failed)"')
_NO_CHOICES = re.compile(rb'"choices"\s{0,4}:\s{0,4}\[\s{0,4}\]')
_MOST = 64 * 1024
_CONTENT = ("content", "tool_calls", "function_call", "reasoning", "reasoning_content", "refusal", "audio")


def is_preamble(event: bytes) -> bool:
    """Whether an event precedes the answer proper: the first ones of Responses, an empty delta of chat.

    Azure starts with an event without choices, about its content filter; many start with only the role.
    """
    if _RESPONSES.search(event, 0, 4_096):
        return True
    if len(event) > _MOST or b'"choices"' not in event or b'"error"' in event:
        return False
    document = read_json(read_event(event).data)
    if not isinstance(document, dict) or document.get("usage"):
        return False
    choices = document.get("choices")
    return isinstance(choices, list) and all(_is_empty(choice) for choice in choices)


def is_end(event: bytes) -> bool:
    """Whether an event completes the answer: the last event of Responses, or chat's usage.

    MassGen stops reading there, and leaves the stream open.
    """
    if b"[DONE]" in event[-16:] or _RESPONSES_END.search(event, 0, 4_096):
        return True
    if b'"usage"' not in event or len(event) > _MOST or not _NO_CHOICES.search(event):
        return False
    document = read_json(read_event(event).data)
    return isinstance(document, dict) and bool(document.get("usage")) and document.get("choices") == []


def _is_empty(choice: Any) -> bool:
    if not isinstance(choice, dict) or choice.get("finish_reason"):
        return False
    delta = choice.get("delta")
    return isinstance(delta, dict) and not any(delta.get(name) for name in _CONTENT)
