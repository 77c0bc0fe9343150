"""The way in for agents in programs of their own: a pass-through on the loopback interface.

A program that is pointed here sends its model calls to this process, from where they leave through the same
HTTP clients as all others: the wire admits them. The gateway knows no quotas, and changes nothing on the way
but the encodings that are asked for.
"""

from __future__ import annotations

from massgen_plugins.gateway.entrance import Entrance
from massgen_plugins.gateway.patience import PATIENCE, Patience, Way
from massgen_plugins.gateway.service import Gateway

__all__ = ["PATIENCE", "Entrance", "Gateway", "Patience", "Way"]
