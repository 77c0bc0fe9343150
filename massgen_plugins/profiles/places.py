"""Locations of settings and profiles on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.at_start import CONFIG_DIR_VARIABLE
from massgen_plugins.quota import Conventions

__all__ = [
    "CONFIG_DIR_VARIABLE",
    "ConventionsOf",
    "Places",
    "absolute_path",
    "any_provider",
    "default_store_path",
    "exists",
    "find_places",
    "no_home",
    "steering_path",
]

ConventionsOf: TypeAlias = Callable[[str], Conventions]
"""Returns the counting conventions of a provider, by its name."""

_APPLICATION = "massgen-plugins"
_SETTINGS_FILE = "rate_limit.yaml"
_STEERING_FILE = "steering.json"
_PACKAGE = Path(__file__).resolve().parent.parent


def any_provider(provider: str) -> Conventions:  # noqa: ARG001 - the same for all
    """Conservative conventions for an unknown provider."""
    return Conventions()


@dataclass(frozen=True, slots=True)
class Places:
    """The files and directories that settings come from.

    Attributes:
        config_dir: The user's directory; None without a home directory.
        project_file: The project's settings file, existing or not; None without a working directory.
        extra_dirs: Profile directories of plugins, strongest first.
        shipped_dir: The profiles shipped with this package.
        conventions: Returns a provider's counting conventions, by its name; profiles override them.
        steering_file: File of temporary limits, existing or not; None without a home directory.
    """

    config_dir: Path | None
    project_file: Path | None
    extra_dirs: tuple[Path, ...]
    shipped_dir: Path
    conventions: ConventionsOf = any_provider
    steering_file: Path | None = None

    @property
    def user_file(self) -> Path | None:
        """The user's settings file, existing or not."""
        return self.config_dir / _SETTINGS_FILE if self.config_dir else None

    @property
    def user_profiles(self) -> Path | None:
        """The directory of the user's profiles."""
        return self.config_dir / "profiles" if self.config_dir else None

    def profile_dirs(self, *, inherit: bool = True) -> tuple[Path, ...]:
        """Directories of profiles, strongest first; the user's only if settings are inherited."""
        own = (self.user_profiles,) if inherit and self.user_profiles else ()
        return (*own, *self.extra_dirs, self.shipped_dir)


def find_places(
    *,
    cwd: Path | None = None,
    extra_profile_dirs: Sequence[Path] = (),
    conventions: ConventionsOf = any_provider,
) -> Places:
    """Locate the settings of this user and this project; reads no file.

    Args:
        cwd: Directory of the project; None for the working directory.
        extra_profile_dirs: Profile directories of plugins, strongest first.
        conventions: Returns the counting conventions of providers.

    Raises:
        ConfigurationError: The environment variable for the user's directory is not an absolute path.
    """
    project = _absolute(cwd) if cwd else _working_directory()
    return Places(
        config_dir=_config_dir(),
        project_file=project / ".massgen" / _SETTINGS_FILE if project else None,
        extra_dirs=tuple(Path(path).absolute() for path in extra_profile_dirs),
        shipped_dir=_shipped_dir(_PACKAGE),
        conventions=conventions,
        steering_file=steering_path(),
    )


def default_store_path() -> Path | None:
    """The SQLite file shared by all processes of this user; None without a home directory."""
    from platformdirs import user_state_path

    state = _usual(user_state_path)
    return state / "quota.sqlite3" if state else None


def steering_path() -> Path | None:
    """The file of temporary limits, next to the store; None without a home directory."""
    store = default_store_path()
    return store.with_name(_STEERING_FILE) if store else None


def exists(path: Path) -> bool:
    """Whether a path exists; True if that cannot be determined, so that reading it raises the error."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def absolute_path(text: str) -> Path | None:
    """A path as entered by the user, with ``~`` expanded; None if it is relative or has no home directory."""
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        return None
    return path if path.is_absolute() and "\0" not in text else None


def no_home() -> ConfigurationError:
    """The error for commands that write."""
    return ConfigurationError(
        "There is no home directory to keep settings and profiles in; "
        f"name a directory in the environment variable {CONFIG_DIR_VARIABLE}."
    )


def _config_dir() -> Path | None:
    if chosen := os.environ.get(CONFIG_DIR_VARIABLE):
        path = absolute_path(chosen)
        if path and exists(path) and not path.is_dir():
            raise ConfigurationError(f"{CONFIG_DIR_VARIABLE}: {chosen[:80]!a} is not a directory; name one.")
        if path:
            return path
        raise ConfigurationError(
            f"{CONFIG_DIR_VARIABLE}: {chosen[:80]!a} is not an absolute path; write one."
        )
    from platformdirs import user_config_path

    return _usual(user_config_path)


def _usual(directory: Callable[..., Path]) -> Path | None:
    # Without a home directory, some versions of platformdirs raise, others return a relative path.
    try:
        path = directory(_APPLICATION, appauthor=False)
    except RuntimeError:
        return None
    return path if path.is_absolute() else None


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        # The working directory was deleted.
        return None


def _absolute(path: Path) -> Path | None:
    if path.is_absolute():
        return path
    here = _working_directory()
    return here / path if here else None


def _shipped_dir(package: Path) -> Path:
    """The shipped profiles: inside the package in a wheel, next to it in a checkout."""
    inside = package / "plugin_configs"
    return inside if inside.is_dir() else package.parent / "plugin_configs"
