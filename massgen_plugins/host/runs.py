"""MassGen's log directory of a run, without creating or importing anything."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["log_dir"]


def log_dir() -> Path | None:
    """The root of MassGen's log session in this context; None if there is none yet. Never raises."""
    module = sys.modules.get("massgen.logger_config")
    try:
        session = module.get_current_session() if module is not None else None
        if session is not None:
            found = session.log_base_session_dir
        else:
            found = getattr(module, "_LOG_BASE_SESSION_DIR", None)
        return Path(found).absolute() if found else None
    except Exception:  # other versions of MassGen may differ
        return None
