"""A cache of answers computed from files, valid until one of the files changes.

It contains no secrets and is optional: if it cannot be read or written, answers are computed again.
"""

from __future__ import annotations

import json
import math
import os
import stat
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import massgen_plugins
from massgen_plugins.profiles.safe_files import stamp

__all__ = ["AnswerCache"]

_FORMAT = 1
_MOST_BYTES = 1_000_000
_MOST_PLACES = 20
_VARIABLES = (
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "MASSGEN_PLUGINS_CONFIG_DIR",
    "MASSGEN_PLUGINS_BLOCK",
    "MASSGEN_RATE_LIMIT_ALLOW_STORES",
)


class AnswerCache:
    """The answers for this directory, environment and installation."""

    def __init__(self) -> None:
        self._key = _key()
        self._all: dict[str, Any] = {}
        self._files: dict[str, list[int] | None] = {}
        self._answers: dict[str, Any] = {}
        self._until: float | None = None
        self._changed = False
        self._load()

    def get(self, name: str) -> Any:
        """The cached answer; None if there is none."""
        return self._answers.get(name)

    def put(self, name: str, answer: Any) -> None:
        """Cache an answer of JSON values."""
        self._answers[name] = answer
        self._changed = True

    def watch(self, files: Iterable[Path]) -> None:
        """Set the files that all answers depend on; call before reading them."""
        found = {str(path): _seen(path) for path in (*files, *_own_code())}
        if found != self._files:
            self._files, self._answers = found, {}

    def expire(self, until: float) -> None:
        """Set when the answers expire, in seconds since the epoch."""
        self._until = None if until == math.inf else until

    def changed(self) -> bool:
        """Whether any of the files has changed; True if none is watched."""
        if self._until is not None and time.time() >= self._until:
            return True
        return not self._files or any(_seen(Path(path)) != seen for path, seen in self._files.items())

    def save(self) -> None:
        """Write the cache atomically; errors are ignored."""
        directory = _directory()
        if not self._changed or not self._files or directory is None:
            return
        entry = {"files": self._files, "answers": self._answers, "until": self._until}
        others = {key: value for key, value in self._all.items() if key != self._key}
        kept = dict([*others.items(), (self._key, entry)][-_MOST_PLACES:])
        with suppress(OSError, ValueError):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            import tempfile  # rarely needed

            handle, name = tempfile.mkstemp(dir=directory)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"format": _FORMAT, "places": kept}, file)
            Path(name).replace(directory / "answers.json")
            self._changed = False

    def _load(self) -> None:
        directory = _directory()
        found = _read(directory / "answers.json") if directory else None
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            return
        places = found.get("places")
        self._all = places if isinstance(places, dict) else {}
        entry: Any = self._all.get(self._key)
        with suppress(TypeError, KeyError, AttributeError):
            files = {str(path): seen for path, seen in entry["files"].items()}
            until = entry["until"]
            fresh = until is None or time.time() < until
            if fresh and all(_seen(Path(path)) == seen for path, seen in files.items()):
                self._files, self._answers, self._until = files, dict(entry["answers"]), until


def _key() -> str:
    """What the answers depend on apart from files: user, directory and installed packages."""
    try:
        here = str(Path.cwd())
    except OSError:
        here = ""
    # Installing or removing a package, such as a plugin, changes its directory.
    installed = [(each, stamp(Path(each))) for each in sys.path if each]
    variables = [os.environ.get(name, "") for name in _VARIABLES]
    return json.dumps([massgen_plugins.__version__, here, variables, installed])


def _own_code() -> list[Path]:
    return sorted((Path(massgen_plugins.__file__).parent / "profiles").glob("*.py"))


def _seen(path: Path) -> list[int] | None:
    found = stamp(path)
    return None if found is None else list(found)


def _directory() -> Path | None:
    from platformdirs import user_cache_path

    try:
        path = user_cache_path("massgen-plugins", appauthor=False)
    except RuntimeError:  # no home: some versions of platformdirs raise, others return a relative path
        return None
    return path if path.is_absolute() else None


def _read(path: Path) -> Any:
    """Read a regular file of this user and of limited size."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    with suppress(OSError, ValueError, RecursionError), os.fdopen(os.open(path, flags), "rb") as file:
        found = os.fstat(file.fileno())
        mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        if stat.S_ISREG(found.st_mode) and mine and found.st_size <= _MOST_BYTES:
            return json.loads(file.read(_MOST_BYTES))
    return None
