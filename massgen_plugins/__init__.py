# mypy: disable-error-code="unreachable, comparison-overlap, arg-type"
# Annotations are builtins only, since naming the real types would mean importing them at interpreter start.
"""Plugins for MassGen: middleware around every model call, rate limiting first among them.

``massgen_plugins.pth`` (on newer Pythons ``massgen_plugins.start``) executes this file at every interpreter
start. It therefore imports only ``sys``, and does nothing but wait for MassGen to be imported.
``MASSGEN_PLUGINS_DISABLE=1`` prevents even that.
"""

import sys

__all__ = ["DISABLE", "TARGETS", "HostFinder", "__version__", "start"]

__version__ = "0.1.0"

DISABLE = "MASSGEN_PLUGINS_DISABLE"
"""Environment variable: any value but empty and 0 disables the automatic start."""

TARGETS = ("massgen", "massgen.cli", "massgen.cli.backends", "massgen.subagent.manager")
"""The MassGen modules that the package attaches to, right after their execution."""


class HostFinder:
    """A meta path finder that attaches to :data:`TARGETS` and ignores all other imports.

    Attributes:
        done: Whether a finder of this process has seen all targets, and removed itself.
    """

    done = False

    def __init__(self) -> None:
        self.waiting = {name for name in TARGETS if name not in sys.modules}

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        """Find a target with the other finders, and attach to it once it has been executed."""
        if name not in self.waiting:
            return None
        from massgen_plugins._bootstrap import find_and_attach

        return find_and_attach(self, name, path, target)


def start() -> None:
    """Install the finder; further calls have no effect."""
    from os import environ  # already imported by every interpreter

    if environ.get(DISABLE, "0") in ("", "0") and not any(isinstance(f, HostFinder) for f in sys.meta_path):
        sys.meta_path.insert(0, HostFinder())
