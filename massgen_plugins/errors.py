"""The errors of this package: one base, and one child for each answer to "whose fault is it?"."""

from __future__ import annotations

__all__ = [
    "CallRefused",
    "ConfigurationError",
    "HostMismatch",
    "MassgenPluginsError",
    "StoreUnavailable",
]


class MassgenPluginsError(Exception):
    """Base of everything this package raises on purpose."""


class ConfigurationError(MassgenPluginsError):
    """The user's input is wrong: a profile, a YAML setting, an environment variable, an argument.

    The message is one sentence that names the place, the value and the cure.
    """


class HostMismatch(MassgenPluginsError):
    """MassGen is absent, or is not of a version whose seams this package knows."""


class StoreUnavailable(MassgenPluginsError):
    """The place where scopes are shared cannot be read or written."""


class CallRefused(MassgenPluginsError):
    """A model call may not be made: its quota is spent, or the wait would be longer than allowed.

    Nobody retries it: ``status_code`` is what MassGen and the SDKs look at first, and 400 is the
    one value that none of them takes for "try again".

    Attributes:
        status_code: Always 400.
        resets_at: When the call could be made, in seconds since the epoch; None if waiting is no cure.
    """

    status_code = 400

    def __init__(self, message: str, *, resets_at: float | None = None) -> None:
        super().__init__(message)
        self.resets_at = resets_at
