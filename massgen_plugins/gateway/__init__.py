"""A pass-through proxy on the loopback interface, for agents that run as separate programs.

A program whose base URL points here sends its model calls to this process, which sends them on through the
usual HTTP clients, where the wire admits them. The gateway knows nothing of quotas, and changes nothing but
the accepted content encodings.

Only what needs aiohttp is imported late: that comes with MassGen, and commands that look work without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from massgen_plugins.gateway.patience import PATIENCE, Patience, Way

if TYPE_CHECKING:
    from massgen_plugins.gateway.entrance import Entrance
    from massgen_plugins.gateway.service import Gateway

__all__ = ["PATIENCE", "Entrance", "Gateway", "Patience", "Way"]


def __getattr__(name: str) -> Any:
    if name == "Entrance":
        from massgen_plugins.gateway.entrance import Entrance

        return Entrance
    if name == "Gateway":
        from massgen_plugins.gateway.service import Gateway

        return Gateway
    raise AttributeError(name)
