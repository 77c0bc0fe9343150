"""Names of keys. All that one call touches have one hash tag, so that a cluster keeps them together."""

from __future__ import annotations

import hashlib
import json
import re

from massgen_plugins.quota import Scope

__all__ = ["INDEX", "PREFIX", "SECRET", "keys_of", "scope_in", "scope_text"]

PREFIX = "massgen-rl:"
"""Every key and channel begins with it."""

INDEX = f"{PREFIX}scopes"
"""Sorted set of all scopes, for people to look at."""

SECRET = f"{PREFIX}fingerprint-key"

_PARTS = ("book", "line", "desk")
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")


def keys_of(scope: Scope) -> tuple[str, ...]:
    """The keys of a scope, in the order in which scripts expect them.

    The tag is readable as far as the scope's names are plain, and unique by a digest of all of them.
    """
    digest = hashlib.sha256(scope_text(scope).encode()).hexdigest()[:16]
    name = _STRANGE.sub("_", f"{scope.provider}.{scope.model}")[:80]
    return tuple(f"{PREFIX}{{{name}.{digest}}}:{part}" for part in _PARTS)


def scope_text(scope: Scope) -> str:
    """A scope as it stands in the index."""
    return json.dumps(list(scope), separators=(",", ":"))


def scope_in(text: bytes) -> Scope:
    """A scope of the index; raises ValueError or TypeError if it is none."""
    names = json.loads(text)
    if not all(isinstance(name, str) for name in names):
        raise TypeError("not a scope")
    return Scope(*names)
