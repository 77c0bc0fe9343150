"""What plugins may answer to hooks: checked at once, since a wrong object would fail far from its cause."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from massgen_plugins.middleware import Middleware
from massgen_plugins.providers.base import Provider

__all__ = ["anything", "as_directories", "as_middleware", "as_provider"]

_PROVIDER_MEMBERS = tuple(name for name in vars(Provider) if not name.startswith("_"))


def as_middleware(answer: object) -> Middleware:
    """A middleware; raises ``TypeError`` if it is none."""
    if not isinstance(answer, Middleware):
        raise TypeError(f"{answer!r} is not a massgen_plugins.middleware.Middleware")
    return answer


def as_provider(answer: Any) -> Provider:
    """A provider; raises ``TypeError`` with the names that it lacks."""
    missing = [name for name in _PROVIDER_MEMBERS if not hasattr(answer, name)]
    if missing:
        raise TypeError(f"{answer!r} is not a provider: it lacks {', '.join(missing)}")
    provider: Provider = answer
    return provider


def as_directories(answer: Iterable[Any]) -> list[Path]:
    """Directories; raises ``TypeError`` if one of them is no path."""
    if isinstance(answer, str):
        raise TypeError("it answers one string instead of a list of directories")
    return [Path(each) for each in answer]


def anything(answer: object) -> object:
    """The answer of a hook that is only told something."""
    return answer
