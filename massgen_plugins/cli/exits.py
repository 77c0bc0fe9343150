"""Exit codes, and how ``--help`` explains them."""

from __future__ import annotations

__all__ = ["BUDGET_SPENT", "CHECK_FAILED", "EXPLAINED", "INTERRUPTED", "NO_HOST", "WRONG_INPUT"]

CHECK_FAILED = 1
"""A check failed, or the store cannot be used."""

WRONG_INPUT = 2
"""The command line, a settings file or an environment variable is wrong."""

BUDGET_SPENT = 3
"""``budget check`` found a budget that is spent."""

NO_HOST = 127
"""``run`` or ``demo`` found no MassGen, or none that this package knows."""

INTERRUPTED = 130
"""Ctrl-C."""

EXPLAINED = """\b
Exit codes:
  0    fine
  1    a check failed, or the store cannot be used
  2    wrong command line, settings file or environment variable
  3    budget check: a budget is spent
  127  run, demo: there is no MassGen, or not one that is supported
  130  interrupted with Ctrl-C
  run otherwise ends with MassGen's own exit code."""
"""In the form that keeps line breaks in ``--help``."""
