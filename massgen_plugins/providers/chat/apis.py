"""Which paths of OpenAI's protocols are model calls: files, batches, vector stores and counting are none."""

from __future__ import annotations

import re
from enum import StrEnum

__all__ = ["Api", "api_of"]


class Api(StrEnum):
    """What a path is for; each model of each has its own pool, since model names differ."""

    CHAT = "chat/completions"
    RESPONSES = "responses"
    COMPLETIONS = "completions"
    EMBEDDINGS = "embeddings"
    IMAGES = "images"
    OTHER = "other"
    """Speech, transcription, films, moderation: counted in requests."""


_PATH = re.compile(
    r"/(?P<api>chat/completions|responses|completions|embeddings|images/(?:generations|edits|variations)"
    r"|audio/(?:speech|transcriptions|translations)|videos|moderations)/?(?:[?#]|$)"
)
_APIS = {each.value: each for each in (Api.CHAT, Api.RESPONSES, Api.COMPLETIONS, Api.EMBEDDINGS)}


def api_of(url: str) -> Api | None:
    """What a POST to this URL asks for; None if it is no model call."""
    match = _PATH.search(url)
    if match is None:
        return None
    return _APIS.get(match["api"], Api.IMAGES if match["api"].startswith("images") else Api.OTHER)
