"""A pass-through proxy on the loopback interface, for agents that run as separate programs.

A program whose base URL points here sends its model calls to this process, which sends them on through the
usual HTTP clients, where the wire admits them. The gateway knows nothing of quotas, and changes nothing but
the accepted content encodings.
"""

from __future__ import annotations

from massgen_plugins.gateway.entrance import Entrance
from massgen_plugins.gateway.patience import PATIENCE, Patience, Way
from massgen_plugins.gateway.service import Gateway

__all__ = ["PATIENCE", "Entrance", "Gateway", "Patience", "Way"]
