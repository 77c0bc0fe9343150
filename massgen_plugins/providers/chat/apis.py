"""Paths of model calls in OpenAI's protocols; files, batches, vector stores and counting are none."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

__all__ = ["Api", "api_of"]


class Api(StrEnum):
    """Purpose of a path."""

    CHAT = "chat/completions"
    RESPONSES = "responses"
    COMPLETIONS = "completions"
    EMBEDDINGS = "embeddings"
    IMAGES = "images"
    OTHER = "other"
    """Speech, transcription, video, moderation: counted in requests."""


_PATH = re.compile(
    r"/(?P<api>chat/completions|responses|completions|embeddings|images/(?:generations|edits|variations)"
    r"|audio/(?:speech|transcriptions|translations)|videos|moderations)"
    r"(?:(?<=/responses)/compact)?/?(?:[?#]|$)"  # compacting a conversation is a call of its model, too
)
_APIS = {each.value: each for each in (Api.CHAT, Api.RESPONSES, Api.COMPLETIONS, Api.EMBEDDINGS)}


@lru_cache(maxsize=256)
def api_of(url: str) -> Api | None:
    """The API of a POST to this URL; None if it is not a model call."""
    match = _PATH.search(url)
    if match is None:
        return None
    return _APIS.get(match["api"], Api.IMAGES if match["api"].startswith("images") else Api.OTHER)
