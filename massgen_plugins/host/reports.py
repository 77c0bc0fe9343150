"""Messages to the user while MassGen runs: through its log, each only once."""

from __future__ import annotations

import atexit
import sys
import threading
from contextlib import suppress
from typing import Any

__all__ = ["at_exit", "inform", "inform_once", "log_warning", "warn_once"]

_lock = threading.Lock()
_said: set[str] = set()
_last_words: dict[object, str] = {}


def inform(message: str) -> None:
    """Write a line to MassGen's log file."""
    with suppress(Exception):
        _logger().info(message)


def inform_once(message: str) -> None:
    """Like :func:`inform`, once per sentence."""
    with _lock:
        if message in _said:
            return
        _said.add(message)
    inform(message)


def log_warning(message: str) -> None:
    """Write a warning to the terminal and MassGen's log."""
    text = message if message.startswith("massgen-plugins") else f"massgen-plugins: {message}"
    try:
        _logger().warning(text)
    except Exception:
        sys.stderr.write(f"{text}\n")


def warn_once(message: str) -> None:
    """Like :func:`log_warning`, once per sentence."""
    with _lock:
        if message in _said:
            return
        _said.add(message)
    log_warning(message)


def at_exit(subject: object, message: str) -> None:
    """Print a line on stderr at process exit, the last one per subject, since MassGen exits with 0."""
    with _lock:
        if not _last_words:
            atexit.register(_speak)
        _last_words[subject] = message


def _speak() -> None:
    for message in dict.fromkeys(_last_words.values()):
        sys.stderr.write(f"{message}\n")


def _logger() -> Any:
    from massgen.logger_config import logger

    return logger
