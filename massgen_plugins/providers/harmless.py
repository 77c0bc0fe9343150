"""Rewrites phrases in provider messages that MassGen mistakes for a context overflow.

MassGen would compress the conversation and retry, up to 31 times for one refusal. The text looks the same:
spaces within such a phrase become no-break spaces, hyphens no-break hyphens; single words get an invisible
joiner.
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
    """Return a text that looks the same but makes MassGen neither compress the conversation nor retry."""
    return _PHRASES.sub(_other_letters, text)


def _other_letters(match: re.Match[str]) -> str:
    phrase = match[0].translate(_SHOWN_ALIKE)
    return phrase if phrase != match[0] else f"{phrase[0]}\N{WORD JOINER}{phrase[1:]}"
