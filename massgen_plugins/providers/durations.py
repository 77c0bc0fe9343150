"""Lengths of time; see :mod:`massgen_plugins.providers.headers`."""

from __future__ import annotations

from massgen_plugins.providers.headers import parse_duration

__all__ = ["parse_duration"]
