"""The pool that a refusal applies to: the model's own, another than its name suggests, or a tool's."""

from __future__ import annotations

from massgen_plugins.providers.base import ModelRequest
from massgen_plugins.providers.gemini.errors import GeminiError
from massgen_plugins.providers.gemini.violations import Violation, bucket_name

__all__ = ["pool_of", "pool_without_limits"]


def pool_of(violation: Violation, request: ModelRequest) -> str | None:
    """The pool of an exceeded limit; None for the model's own.

    An unknown limit is attributed to the request's tool if there is exactly one.
    """
    if violation.tool_pool:
        return violation.tool_pool
    tool = _only_tool(request)
    if tool and not violation.is_known and not violation.model:
        return tool
    return _other_bucket(violation.model, request)


def pool_without_limits(error: GeminiError, request: ModelRequest) -> tuple[str | None, str | None]:
    """The pool that an error without limits names, and the suspected one if it names none.

    Errors without details occur if a tool's quota is zero or used up while calls without it succeed (issue
    1427 of googleapis/python-genai, 1431 of rikkahub/rikkahub, 411 of google-gemini/cookbook).
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
