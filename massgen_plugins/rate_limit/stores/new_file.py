"""Opens files that several processes share, and creates them with the right mode."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["open_shared"]

_OWNER, _GROUP = 0o600, 0o660


def open_shared(path: Path, flags: int = 0) -> int:
    """Open a file for reading and writing, creating it if it is missing; returns its descriptor.

    A new file is for its owner alone, unless its folder passes its group on (``chmod g+ws``): then for the
    group, too, whatever the umask.

    Args:
        path: The file.
        flags: Further flags of ``os.open``, such as ``O_EXCL``.

    Raises:
        OSError: It cannot be opened.
    """
    folder = os.stat(path.parent).st_mode  # noqa: PTH116 - the mode alone
    shared = folder & stat.S_ISGID and folder & stat.S_IWGRP
    file = os.open(path, os.O_RDWR | os.O_CREAT | flags, _OWNER)
    made = os.fstat(file)
    if shared and made.st_uid == os.geteuid() and stat.S_IMODE(made.st_mode) == _OWNER:
        os.fchmod(file, _GROUP)
    return file
