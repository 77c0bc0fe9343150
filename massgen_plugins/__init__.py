# mypy: disable-error-code="unreachable, comparison-overlap, arg-type"
# Annotations are builtins only, since naming the real types would mean importing them at interpreter start.
"""Plugins for MassGen: middleware around every model call, rate limiting first among them.

This file is executed at every start of an interpreter, by ``massgen_plugins.pth`` (and for newer Pythons
``massgen_plugins.start``): so it imports ``sys`` and nothing else, and holds no more than it takes to wait
for MassGen to be imported. ``MASSGEN_PLUGINS_DISABLE=1`` keeps it from doing even that.
"""

import sys

__all__ = ["DISABLE", "TARGETS", "HostFinder", "__version__", "start"]

__version__ = "0.1.0"

DISABLE = "MASSGEN_PLUGINS_DISABLE"
"""Environment variable: any value but empty and 0 switches the automatic start off."""

TARGETS = ("massgen", "massgen.cli", "massgen.cli.backends", "massgen.subagent.manager")
"""MassGen's modules to which the package attaches, right after they were executed; and MassGen itself."""


class HostFinder:
    """Watches imports for :data:`TARGETS`, and lets every other import pass."""

    def __init__(self) -> None:
        self.waiting = {name for name in TARGETS if name not in sys.modules}

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        """Let the other finders find the module, and attach to it once it has been executed."""
        if name not in self.waiting:
            return None
        from massgen_plugins._bootstrap import find_and_attach

        return find_and_attach(self, name, path, target)


def start() -> None:
    """Begin to watch; a second call changes nothing."""
    from os import environ  # every interpreter has imported it by now

    if environ.get(DISABLE, "0") in ("", "0") and not any(isinstance(f, HostFinder) for f in sys.meta_path):
        sys.meta_path.insert(0, HostFinder())
