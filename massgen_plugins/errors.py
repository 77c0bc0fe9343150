"""The errors of this package: one base, and one child for each answer to "whose fault is it?"."""

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
    """Base of everything this package raises on purpose."""


class ConfigurationError(MassgenPluginsError):
    """The user's input is wrong: a profile, a YAML setting, an environment variable, an argument.

    The message is one sentence that names the place, the value and what to do.
    """


class HostMismatch(MassgenPluginsError):
    """MassGen is absent, or of a version that this package does not know."""


class StoreUnavailable(MassgenPluginsError):
    """The place where scopes are shared cannot be read or written."""


class CallRefused(MassgenPluginsError):
    """A model call may not be made: its quota is spent, or the wait would be longer than allowed.

    Nobody retries it: ``status_code`` is what MassGen and the SDKs look at first, and 400 is the
    one value that none of them takes for "try again".

    Attributes:
        status_code: Always 400.
        resets_at: When the call could be made, in seconds since the epoch; None if waiting does not help.
        pool: The ``quota.Pool`` that is in the way; None: the call's own.
        instead: A model with which the turn can begin anew; None if there is none.
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
        """Leave the first sentence of the message: the others were said before."""
        first, more, _ = str(self).partition(". ")
        self.args = (f"{first}." if more else first,)


def described(error: BaseException) -> str:
    """An unexpected exception as it may be shown: its type, and our line that met it.

    Never its text: that may hold whatever was being read, an API key or a prompt included. What this package
    raises on purpose was written to be read.
    """
    if isinstance(error, MassgenPluginsError):
        return str(error).rstrip(".")
    import traceback  # not before something went wrong
    from pathlib import Path

    kind, package = type(error).__qualname__, Path(__file__).parent
    if type(error).__module__ != "builtins":
        kind = f"{type(error).__module__}.{kind}"
    if isinstance(error, ImportError) and error.name:
        kind = f"{kind} ({error.name})"  # the name of a module is no secret
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(package):
            return f"{kind} at {path.relative_to(package)}:{line}"
    return kind
