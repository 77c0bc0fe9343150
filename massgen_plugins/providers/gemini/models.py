"""On which quota Gemini books a model: versions and aliases share the bucket of their base model."""

from __future__ import annotations

import re

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
"""Names that refusals showed to be booked elsewhere: ``quotaDimensions.model`` of a call of
``gemini-3-pro-preview`` said ``gemini-3.1-pro`` (issue 12749 of continuedev/continue), of
``gemini-flash-lite-latest`` it said ``gemini-3.5-flash-lite`` (field reports, autumn 2026)."""


def resolve_model(model: str) -> str:
    """The base model whose quota a call of this model uses.

    Tails that name a version (``-preview``, ``-latest``, ``-001``, ``-09-2025``, ``-05-20``,
    ``-customtools``) are cut; a tail that names another model (``-lite``, ``-image``) stays. So does
    ``-exp``: refusals name buckets such as ``gemini-2.5-pro-exp`` and ``gemini-2.0-flash-exp``, apart from
    that of the base model. A tuned model is left as it is.

    Args:
        model: Name as in a URL or a configuration, with or without ``models/`` or a gateway's name before it.
    """
    if model.startswith(_TUNED):
        return model
    name = model.rpartition("/")[2]
    match = _VERSION_TAIL.match(name) if len(name) <= 200 else None  # no real name is longer
    base = match["base"] if match else name
    return _ALIASES.get(base, base)
