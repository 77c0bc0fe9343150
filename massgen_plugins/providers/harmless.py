"""A provider's words made harmless for MassGen, which takes some phrases in any error for a full context.

It then shortens the conversation and asks again, up to 31 times for one refusal. People see no difference:
blanks within such a phrase become no-break spaces, its hyphens no-break hyphens; a single word is joined by
an invisible character.
"""

from __future__ import annotations

import re

__all__ = ["harmless"]

# massgen/backend/_context_errors.py and backend/gemini.py of 0.1.97; a test asks these functions themselves.
_PHRASES = re.compile(
    r"""
      request[ _]too[ _]large | maximum[ ](?:context[ ]length|tokens) | tokens?[ ](?:limit|budget)
    | too[ ]many[ ](?:tokens|requests) | context[ _](?:length|limit|window)(?:[ _]exceeded)?
    | exceeds?[ ](?:the[ ]|context[ ])\w+(?:[ ]\w+)? | input[ ](?:exceeds|length|too|context)[ ]\w+
    | (?:prompt|context)[ ]is[ ]too[ ]long | \(or[ ]context\)[ ]is[ ]too[ ]large | max_tokens[ ]exceed
    | reduce[ ]the[ ]length[ ]of[ ]the[ ]messages | middle-out | tokens[ ]in[ ]the[ ]prompt[ ]exceeds
    | resource[ ](?:has[ ]been[ ])?exhausted | resource_exhausted | rate[ ]limit | quota[ ]exceeded
    | endpoint'?s[ ]maximum[ ]context | contextwindowexceedederror
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SHOWN_ALIKE = str.maketrans(
    {" ": "\N{NO-BREAK SPACE}", "_": "\N{NO-BREAK SPACE}", "-": "\N{NON-BREAKING HYPHEN}"}
)


def harmless(text: str) -> str:
    """The same words for people, and none that makes MassGen shorten a conversation or ask again."""
    return _PHRASES.sub(_other_letters, text)


def _other_letters(match: re.Match[str]) -> str:
    phrase = match[0].translate(_SHOWN_ALIKE)
    return phrase if phrase != match[0] else f"{phrase[0]}\N{WORD JOINER}{phrase[1:]}"
