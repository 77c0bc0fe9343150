"""Quotas, waits and calls as Prometheus metrics: one collector covers all processes of a user.

>>> from prometheus_client import REGISTRY
>>> from massgen_plugins.metrics import QuotaCollector
>>> REGISTRY.register(QuotaCollector.of_settings())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from massgen_plugins.metrics.collector import QuotaCollector

__all__ = ["QuotaCollector"]


def __getattr__(name: str) -> Any:
    """Import the collector on first use, since it needs prometheus_client."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from massgen_plugins.metrics.collector import QuotaCollector

    return QuotaCollector
