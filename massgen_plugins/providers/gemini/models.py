"""Maps Gemini models to quotas: versions and aliases share the quota of their base model."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["resolve_model"]

_TUNED = ("tunedModels/", "endpoints/")

_VERSION_TAIL = re.compile(
    r"""^(?!gemini-exp-)(?P<base>[^-]+-.+?)   # never less than a family and a name: "gemini-flash"
        (?: -preview | -latest | -customtools
          | -\d{3}                      # -001
          | -\d{2}-\d{4}                # -09-2025
          | -\d{2}-\d{2}                # -05-20
          | (?<=-exp)-\d{4}             # -exp-0827
        )+$""",
    re.VERBOSE,
)

_ALIASES = {
    "gemini-3-pro": "gemini-3.1-pro",
    "gemini-flash-lite": "gemini-3.5-flash-lite",
}
"""Exceptions, known from ``quotaDimensions.model`` in refusals: ``gemini-3.1-pro`` for
``gemini-3-pro-preview`` (issue 12749 of continuedev/continue), ``gemini-3.5-flash-lite`` for
``gemini-flash-lite-latest`` (field reports, autumn 2026)."""


@lru_cache(maxsize=256)
def resolve_model(model: str) -> str:
    """The base model whose quota this model uses.

    Removes version suffixes (``-preview``, ``-latest``, ``-001``, ``-09-2025``, ``-05-20``,
    ``-customtools``), but not those of other models (``-lite``, ``-image``), nor ``-exp``: refusals name
    separate quotas such as ``gemini-2.5-pro-exp`` and ``gemini-2.0-flash-exp``. Tuned models are unchanged.

    Args:
        model: Name as in a URL or a configuration, optionally prefixed with ``models/`` or a gateway's name.
    """
    if model.startswith(_TUNED):
        return model
    name = model.rpartition("/")[2]
    match = _VERSION_TAIL.match(name) if len(name) <= 200 else None  # real names are shorter
    base = match["base"] if match else name
    return _ALIASES.get(base, base)
