"""The sandbox's own token count: a rule on words and bytes that a client cannot derive from the length alone.

* a run of ASCII letters costs one token per started 6 letters;
* a run of digits costs one token per started 3 digits;
* any other run of printable ASCII (punctuation) costs one token per started 2 characters;
* every character beyond ASCII costs one token per started 2 of its UTF-8 bytes;
* white space is free.

English has about 4.5 bytes per token, JSON full of digits about 2.5, Chinese 1.5, and no text ever costs more
tokens than it has UTF-8 bytes. A blob (an image) costs 258 tokens, Gemini's rule for a tile.
"""

from __future__ import annotations

import re

__all__ = ["BLOB_TOKENS", "count_tokens"]

BLOB_TOKENS = 258
_PIECES = re.compile(
    r"(?P<word>[A-Za-z]+)|(?P<digits>[0-9]+)|(?P<marks>[!-/:-@\[-`{-~]+)|(?P<wide>[^\x00-\x7f])"
)
_BYTES_PER_TOKEN = {"word": 6, "digits": 3, "marks": 2, "wide": 2}


def count_tokens(text: str) -> int:
    """Tokens of ``text`` by the rule above."""
    total = 0
    for piece in _PIECES.finditer(text):
        size = len(piece[0].encode("utf-8", "replace"))
        total += -(-size // _BYTES_PER_TOKEN[piece.lastgroup or "word"])
    return total
