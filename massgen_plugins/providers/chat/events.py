"""Events of a stream after which a refusal may still come before any part of the answer."""

from __future__ import annotations

import re
from typing import Any

from massgen_plugins.providers.sse import read_event
from massgen_plugins.providers.text import read_json

__all__ = ["is_preamble"]

_RESPONSES = re.compile(rb'"type"\s{0,4}:\s{0,4}"response\.(?:created|queued|in_progress)"')
_MOST = 64 * 1024
_CONTENT = ("content", "tool_calls", "function_call", "reasoning", "reasoning_content", "refusal", "audio")


def is_preamble(event: bytes) -> bool:
    """Whether nothing of an answer is in an event yet: of Responses its first ones, of chat an empty delta.

    Azure begins with an event without choices, about its content filter; many begin with the role alone.
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


def _is_empty(choice: Any) -> bool:
    if not isinstance(choice, dict) or choice.get("finish_reason"):
        return False
    delta = choice.get("delta")
    return isinstance(delta, dict) and not any(delta.get(name) for name in _CONTENT)
