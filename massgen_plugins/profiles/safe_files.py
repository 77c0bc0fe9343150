"""Reads files with size limits, and writes them atomically under a lock."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import Place, wrong

__all__ = ["MAX_BYTES", "read_text", "stamp", "update_text", "yaml_files"]

MAX_BYTES = 1_000_000
"""Maximum size of a file that is read."""

_PATIENCE = 5.0
"""Seconds to wait for the lock; writers hold it for a few milliseconds."""


def read_text(path: Path) -> str:
    """The text of an ordinary UTF-8 file of at most 1 MB.

    Raises:
        ConfigurationError: It is something else, or cannot be read.
    """
    place = Place(str(path))
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise wrong(place, "this is not an ordinary file")
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise wrong(place, f"the file cannot be read ({reason})") from error
    if len(data) > MAX_BYTES:
        raise wrong(place, f"the file is larger than {MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise wrong(Place(str(path), (), line, column), "the file is not UTF-8; save it as UTF-8") from error


def stamp(path: Path) -> tuple[int, ...] | None:
    """A value that changes when a file is written or replaced; None if it cannot be read."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def yaml_files(directory: Path) -> list[Path]:
    """The YAML files directly in a directory, by name, without hidden (temporary) files."""
    try:
        found = sorted(directory.iterdir())
    except (OSError, ValueError):
        return []
    return [path for path in found if path.suffix in (".yaml", ".yml") and not path.name.startswith(".")]


def update_text(
    path: Path, change: Callable[[str], str], *, variable: str = "MASSGEN_PLUGINS_CONFIG_DIR"
) -> None:
    """Replace a file's text by the result of ``change``, atomically with respect to other callers.

    The file is readable by its owner only; a missing file has an empty text; a symbolic link is preserved.
    ``variable`` names the environment variable that sets another directory, for error messages.

    Raises:
        ConfigurationError: It cannot be read or written, or ``change`` raised it; the file is unchanged.
    """
    # Deferred: imports asyncio, and only writers need it.
    from filelock import FileLock, Timeout

    try:
        path = path.resolve()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(path.parent / ".lock", mode=0o600).acquire(_PATIENCE, poll_interval=0.01):
            before = read_text(path) if path.exists() else ""
            after = change(before)
            if after != before or not path.exists():
                _replace(path, after)
    except Timeout:
        raise ConfigurationError(
            f"{path.parent}: another program is editing the settings; try again when it is done."
        ) from None
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "its symbolic links form a loop"
        cure = f"make it writable, or name another directory in {variable}"
        raise wrong(Place(str(path)), f"the file cannot be written ({reason}); {cure}") from error


def _replace(path: Path, text: str) -> None:
    import tempfile  # deferred: only writers need it

    # mkstemp creates the file with mode 0600; readers of profiles ignore its hidden name.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if os.name == "posix":
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
