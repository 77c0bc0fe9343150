"""Operations as steps, apart from whoever sends and receives.

An operation is a generator. Whoever drives it sends each command that it yields to the server, and hands in
the answer. An answer by which the server refuses is an exception of ``redis``, handed in as a value. When no
answer will come, :class:`Lost` is thrown in: the server may or may not have done what it was told.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.redis.scripts import Command

__all__ = ["Lost", "Steps"]

T = TypeVar("T")

Steps: TypeAlias = Generator[Command, Any, T]
"""Commands out, answers in, at the end a value."""


class Lost(StoreUnavailable):
    """The connection broke, or was never there: nobody knows whether the server did what it was told."""
