"""Servers that budgets are shared through."""

from __future__ import annotations

from tests.rate_limit.stores.redis.conftest import server, shared_server

__all__ = ["server", "shared_server"]
