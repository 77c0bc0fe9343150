# mypy: disable-error-code="unreachable, comparison-overlap, arg-type, attr-defined, operator"
# Annotations are builtins only, since naming the real types would mean importing them at interpreter start.
"""Starts with the interpreter and waits for MassGen to be imported. Imports ``sys`` and nothing else.

``massgen_plugins.pth`` (and for newer Pythons ``massgen_plugins.start``) call :func:`start`. It puts one
finder on ``sys.meta_path`` that lets every import pass, and takes it off again when all of MassGen's modules
that we attach to have been seen. ``MASSGEN_PLUGINS_DISABLE=1`` keeps it from doing anything.
"""

import sys

DISABLE = "MASSGEN_PLUGINS_DISABLE"
"""Environment variable: any value but empty and 0 switches the automatic start off."""

TARGETS = ("massgen.cli", "massgen.cli.backends", "massgen.subagent.manager")
"""MassGen's modules to which the package attaches, right after they were executed."""


class HostFinder:
    """Watches imports for :data:`TARGETS`; finds nothing itself."""

    def __init__(self) -> None:
        self.waiting = {name for name in TARGETS if name not in sys.modules}

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        """Let the other finders find the module, and attach to it once it has been executed."""
        if name not in self.waiting:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find and finder is not self else None
            if spec is not None:
                _attach_after_execution(spec, self)
                return spec
        return None

    def seen(self, name: str) -> None:
        """The module was executed, and not merely looked up; when it was the last one, the watch is over."""
        self.waiting.discard(name)
        if not self.waiting:
            stop()


def start() -> None:
    """Begin to watch; a second call changes nothing."""
    from os import environ

    if environ.get(DISABLE, "0") in ("", "0") and not any(isinstance(f, HostFinder) for f in sys.meta_path):
        sys.meta_path.insert(0, HostFinder())


def stop() -> None:
    """Watch no longer."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, HostFinder)]


def _attach_after_execution(spec: object, finder: HostFinder) -> None:
    loader = spec.loader
    execute = getattr(loader, "exec_module", None)
    if execute is None:
        return

    def execute_and_attach(module: object) -> None:
        del loader.exec_module  # the loader is as it was; only this one execution was ours
        execute(module)
        finder.seen(spec.name)
        try:
            from massgen_plugins.host.attach import attach

            attach(module)
        except Exception as error:
            print(  # noqa: T201 - the host's logger may not be there yet
                f"massgen-plugins: could not attach to {spec.name}: {error!r}.", file=sys.stderr
            )

    loader.exec_module = execute_and_attach
