"""The ``massgen`` command, which says at its end how often MassGen's own Gemini back-off went to work.

MassGen resets its counters between turns, so every step upwards is counted here.
"""

from __future__ import annotations

import atexit
import sys
from typing import Any

from massgen.backend.gemini import GeminiBackend
from massgen.cli import cli_main

_NAME = "backoff_retry_count"
_steps: list[int] = []


def _value(backend: Any) -> int:
    return vars(backend)[_NAME]


def _change(backend: Any, value: int) -> None:
    _steps.append(max(0, value - vars(backend).get(_NAME, 0)))
    vars(backend)[_NAME] = value


GeminiBackend.backoff_retry_count = property(_value, _change)
atexit.register(lambda: sys.stdout.write(f"BACK-OFFS OF MASSGEN: {sum(_steps)}\n"))
sys.exit(cli_main())
