"""A loopback provider that enforces quotas and reports: for tests, the demo, and users without a key.

Names are imported on first use, so that importing this package is cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from massgen_plugins.sandbox import tiers
    from massgen_plugins.sandbox.config import (
        Charge,
        Fault,
        FaultRule,
        Host,
        Network,
        Place,
        Pool,
        Price,
        Quota,
        QuotaKind,
        RetryAfter,
        SandboxConfig,
        Scene,
        Settlement,
        Tier,
        WindowShape,
        clock_offset_before_midnight,
        concurrent,
        per_model,
    )
    from massgen_plugins.sandbox.process import SandboxProcess
    from massgen_plugins.sandbox.report import LimitReport, ModelReport, RequestRecord, SandboxReport
    from massgen_plugins.sandbox.server import Sandbox

__all__ = [
    "Charge",
    "Fault",
    "FaultRule",
    "Host",
    "LimitReport",
    "ModelReport",
    "Network",
    "Place",
    "Pool",
    "Price",
    "Quota",
    "QuotaKind",
    "RequestRecord",
    "RetryAfter",
    "Sandbox",
    "SandboxConfig",
    "SandboxProcess",
    "SandboxReport",
    "Scene",
    "Settlement",
    "Tier",
    "WindowShape",
    "clock_offset_before_midnight",
    "concurrent",
    "per_model",
    "tiers",
]

_MODULES = {
    "LimitReport": "report",
    "ModelReport": "report",
    "RequestRecord": "report",
    "Sandbox": "server",
    "SandboxProcess": "process",
    "SandboxReport": "report",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "tiers":
        return importlib.import_module(f"{__name__}.tiers")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES.get(name, 'config')}"), name)
