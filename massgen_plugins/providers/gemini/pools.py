"""Whose limit a refusal speaks of: the model's own, another bucket's than its name says, or a tool's."""

from __future__ import annotations

from massgen_plugins.providers.base import ModelRequest
from massgen_plugins.providers.gemini.errors import GeminiError
from massgen_plugins.providers.gemini.violations import Violation, bucket_name

__all__ = ["pool_of", "pool_without_limits"]


def pool_of(violation: Violation, request: ModelRequest) -> str | None:
    """The pool of a violated limit; None: the model's own.

    A limit of which nobody knows whose it is, in answer to a request with one tool, is that tool's.
    """
    if violation.tool_pool:
        return violation.tool_pool
    tool = _only_tool(request)
    if tool and not violation.is_known and not violation.model:
        return tool
    return _other_bucket(violation.model, request)


def pool_without_limits(error: GeminiError, request: ModelRequest) -> tuple[str | None, str | None]:
    """The pool that an error without limits names, and the one that is suspected when it says nothing.

    Answers without details were met when a tool's quota was zero or spent while the model alone went on
    (issue 1427 of googleapis/python-genai, 1431 of rikkahub/rikkahub, 411 of google-gemini/cookbook).
    """
    metadata = (detail.get("metadata") for detail in error.details)
    names = (bucket_name(each.get("model")) for each in metadata if isinstance(each, dict))
    named = _other_bucket(next((name for name in names if name), ""), request)
    return named, named or _only_tool(request)


def _only_tool(request: ModelRequest) -> str | None:
    tools = request.pools[1:]
    return tools[0] if len(tools) == 1 else None


def _other_bucket(name: str, request: ModelRequest) -> str | None:
    return name if name and name != request.model else None
