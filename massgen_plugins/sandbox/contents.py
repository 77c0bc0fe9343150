"""Common parsing of the text protocols: content parts, blobs, and offered tools."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import JsonValue

from massgen_plugins.sandbox.coordination import Conversation
from massgen_plugins.sandbox.dialect import Call
from massgen_plugins.sandbox.tokens import BLOB_TOKENS, count_tokens

__all__ = ["Content", "Input", "blobs_of", "text_of", "turn_results"]

Content = str | list[dict[str, JsonValue]] | None
_BLOBS = {"image", "image_url", "input_image", "input_file", "input_audio", "document", "file", "video_url"}


def text_of(content: Content) -> str:
    """All text of a content; parts without text as JSON, blobs as nothing."""
    if isinstance(content, str):
        return content
    return "\n".join(_part_text(part) for part in content or () if part.get("type") not in _BLOBS)


def blobs_of(content: Content) -> int:
    """Number of images and files in a content."""
    if content is None or isinstance(content, str):
        return 0
    return sum(part.get("type") in _BLOBS for part in content)


class Input:
    """The input of a request: ``texts``, a number of ``blobs``, and ``tools`` as the client sent them."""

    def __init__(self, texts: Iterable[str], blobs: int, tools: list[Any]) -> None:
        self.text = "\n".join(texts)
        self.tools = json.dumps(tools) if tools else ""
        self.tokens = count_tokens(self.text) + count_tokens(self.tools) + BLOB_TOKENS * blobs

    def call(  # noqa: PLR0913 (all but the first by name)
        self,
        model: str,
        *,
        streamed: bool,
        offers: Iterable[str],
        tool_results: int,
        output_bound: int | None,
        with_usage: bool = True,
        after_tool: bool = False,
        turn_results: int = 0,
    ) -> Call:
        """The call that has this input."""
        conversation = Conversation(
            self.text, frozenset(offers), tool_results, after_tool=after_tool, turn_results=turn_results
        )
        characters = len(self.text) + len(self.tools)
        return Call(model, streamed, self.tokens, conversation, with_usage, output_bound, characters)


def turn_results(steps: Iterable[int | None]) -> int:
    """Tool results since the user's last message; each step is a number of results, or None for a message."""
    total = 0
    for step in steps:
        total = 0 if step is None else total + step
    return total


def _part_text(part: dict[str, JsonValue]) -> str:
    return str(part.get("text") or json.dumps(part, ensure_ascii=False))
