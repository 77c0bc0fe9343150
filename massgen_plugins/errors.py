"""Exceptions of this package: one base class, and one subclass per cause."""

from __future__ import annotations

__all__ = [
    "CallRefused",
    "ConfigurationError",
    "HostMismatch",
    "MassgenPluginsError",
    "StoreUnavailable",
    "described",
]


class MassgenPluginsError(Exception):
    """Base class of all exceptions that this package raises deliberately."""


class ConfigurationError(MassgenPluginsError):
    """Invalid user input: a profile, a YAML setting, an environment variable, an argument.

    The message is one sentence that names the location, the value and the fix.
    """


class HostMismatch(MassgenPluginsError):
    """MassGen is missing, or its version is not supported."""


class StoreUnavailable(MassgenPluginsError):
    """The shared store cannot be read or written."""


class CallRefused(MassgenPluginsError):
    """A model call was refused: its quota is used up, or it would wait longer than allowed.

    ``status_code`` keeps MassGen and the SDKs from retrying: they check it first, and 400 is the only
    value that none of them retries.

    Attributes:
        status_code: Always 400.
        resets_at: When the call can be made, in seconds since the epoch; None if waiting does not help.
        pool: The ``quota.Pool`` that blocks the call; None for the call's own.
        instead: A model that the turn can be restarted with; None if there is none.
    """

    status_code = 400

    def __init__(
        self,
        message: str,
        *,
        resets_at: float | None = None,
        pool: object = None,
        instead: str | None = None,
    ) -> None:
        super().__init__(message)
        self.resets_at = resets_at
        self.pool = pool
        self.instead = instead

    def shorten(self) -> None:
        """Cut the message down to its first sentence, once the full text has been shown."""
        first, more, _ = str(self).partition(". ")
        self.args = (f"{first}." if more else first,)


def described(error: BaseException) -> str:
    """Describe an unexpected exception without its text: its type, and our innermost line in the traceback.

    The text may contain an API key or a prompt. Only this package's own exceptions are shown in full.
    """
    if isinstance(error, MassgenPluginsError):
        return str(error).rstrip(".")
    import traceback  # deferred: only needed after a failure
    from pathlib import Path

    kind, package = type(error).__qualname__, Path(__file__).parent
    if type(error).__module__ != "builtins":
        kind = f"{type(error).__module__}.{kind}"
    if isinstance(error, ImportError) and error.name:
        kind = f"{kind} ({error.name})"  # a module name is not secret
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(package):
            return f"{kind} at {path.relative_to(package)}:{line}"
    return kind
