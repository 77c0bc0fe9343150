"""Exit codes, and how ``--help`` explains them."""

from __future__ import annotations

__all__ = ["BROKEN_PIPE", "CHECK_FAILED", "EXPLAINED", "INTERRUPTED", "NO_HOST", "SPENT", "WRONG_INPUT"]

CHECK_FAILED = 1
"""A check failed, or the store cannot be used."""

WRONG_INPUT = 2
"""The command line, a settings file or an environment variable is wrong."""

SPENT = 3
"""``status --exit-code``, ``watch --exit-status``, ``plan``: a day or month is used up, or not enough;
``budget check``: a budget is spent."""

NO_HOST = 127
"""``run`` or ``demo`` found no MassGen, or none that this package knows."""

INTERRUPTED = 130
"""Ctrl-C."""

BROKEN_PIPE = 141
"""The reader of the output has closed it; as for any program killed by SIGPIPE: 128 plus its number."""

EXPLAINED = """\b
Exit codes:
  0    fine
  1    a check failed, or the store cannot be used
  2    wrong command line, settings file or environment variable
  3    status --exit-code, watch --exit-status, plan: a day, or a month, is used up;
       budget check: a budget is spent
  127  run, demo, init: MassGen is missing, or not supported
  130  interrupted with Ctrl-C
  141  the reader of the output has closed it, as `head` does
  run otherwise ends with MassGen's own exit code."""
"""In the format that preserves line breaks in ``--help``."""
