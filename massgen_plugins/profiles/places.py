"""Where settings and profiles are kept on this machine."""

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
"""A provider's name to how it counts."""

_APPLICATION = "massgen-plugins"
_SETTINGS_FILE = "rate_limit.yaml"
_STEERING_FILE = "steering.json"
_PACKAGE = Path(__file__).resolve().parent.parent


def any_provider(provider: str) -> Conventions:  # noqa: ARG001 - the same for all
    """The conventions of a provider of which nothing is known: never too generous."""
    return Conventions()


@dataclass(frozen=True, slots=True)
class Places:
    """The files and directories that settings come from.

    Attributes:
        config_dir: The user's directory; None when the user has no home.
        project_file: The project's settings, whether or not there are any; None without a working directory.
        extra_dirs: Profile directories of plugins, the first the strongest.
        shipped_dir: The profiles that come with this package.
        conventions: How a provider counts, by its name, where its profiles do not say.
        steering_file: Temporary limits, whether or not there are any; None without a home.
    """

    config_dir: Path | None
    project_file: Path | None
    extra_dirs: tuple[Path, ...]
    shipped_dir: Path
    conventions: ConventionsOf = any_provider
    steering_file: Path | None = None

    @property
    def user_file(self) -> Path | None:
        """The user's settings, whether or not there are any."""
        return self.config_dir / _SETTINGS_FILE if self.config_dir else None

    @property
    def user_profiles(self) -> Path | None:
        """The user's own profiles."""
        return self.config_dir / "profiles" if self.config_dir else None

    def profile_dirs(self, *, inherit: bool = True) -> tuple[Path, ...]:
        """Directories of profiles, the strongest first; the user's only if settings are inherited."""
        own = (self.user_profiles,) if inherit and self.user_profiles else ()
        return (*own, *self.extra_dirs, self.shipped_dir)


def find_places(
    *,
    cwd: Path | None = None,
    extra_profile_dirs: Sequence[Path] = (),
    conventions: ConventionsOf = any_provider,
) -> Places:
    """Find out where this user and this project keep their settings; reads no file.

    Args:
        cwd: Directory of the project; the working directory if None.
        extra_profile_dirs: Directories of plugins with profiles, the strongest first.
        conventions: How providers count.

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
    """The SQLite file that all processes of this user share; None when the user has no home."""
    from platformdirs import user_state_path

    state = _usual(user_state_path)
    return state / "quota.sqlite3" if state else None


def steering_path() -> Path | None:
    """The file of temporary limits, beside the store; None when the user has no home."""
    store = default_store_path()
    return store.with_name(_STEERING_FILE) if store else None


def exists(path: Path) -> bool:
    """Whether there is something at the path; of what cannot be looked at, reading it will say why."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def absolute_path(text: str) -> Path | None:
    """The path that a user wrote, ``~`` expanded; None if it is relative, or if there is no such home."""
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        return None
    return path if path.is_absolute() and "\0" not in text else None


def no_home() -> ConfigurationError:
    """For commands that write."""
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
    # Without a home some versions of platformdirs raise RuntimeError, others return a relative path.
    try:
        path = directory(_APPLICATION, appauthor=False)
    except RuntimeError:
        return None
    return path if path.is_absolute() else None


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        # Somebody removed it while we were in it.
        return None


def _absolute(path: Path) -> Path | None:
    if path.is_absolute():
        return path
    here = _working_directory()
    return here / path if here else None


def _shipped_dir(package: Path) -> Path:
    """In a wheel the profiles are inside the package, in a checkout beside it."""
    inside = package / "plugin_configs"
    return inside if inside.is_dir() else package.parent / "plugin_configs"
