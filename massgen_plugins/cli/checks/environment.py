"""Checks environment variables, and reminds of facts that cannot be detected."""

from __future__ import annotations

import os
from collections.abc import Iterator

from massgen_plugins.cli.checks.finding import Finding, fail, ok, warn
from massgen_plugins.cli.places import current_places
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.host.switch import ENVIRONMENT, environment_switch
from massgen_plugins.profiles.loading import read_settings
from massgen_plugins.quota import MINUTE, NANOSECONDS, margin_of

__all__ = ["check_environment"]

_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")


def check_environment() -> Iterator[Finding]:
    """Check the switch, the keys, and the assumptions behind limits."""
    yield _switch()
    yield _keys()
    if os.environ.get("GOOGLE_GENAI_USE_VERTEXAI", "").lower() in ("true", "1"):
        cure = "unset it, or set limits of that project with `massgen-rl profiles set`"
        yield warn("vertex ai", "GOOGLE_GENAI_USE_VERTEXAI is set: Vertex AI has quotas of its own", cure)
    yield _account()
    seconds = margin_of(MINUTE) // NANOSECONDS
    yield ok(
        "uplink",
        f"a request is taken to reach the provider within {seconds} s",
        "on a slower line set `safety_margin: 0.1` under rate_limit:",
    )


def _switch() -> Finding:
    try:
        wanted = environment_switch()
    except ConfigurationError as error:
        found, _, cure = str(error).partition("; ")
        return fail("switch", found, cure.rstrip("."))
    if wanted is None:
        hint = "`enable_rate_limit: true` in an agent's backend:, or --rate-limit, switches limits on"
        return ok("switch", f"{ENVIRONMENT} is not set: flag and YAML decide", hint)
    if wanted:
        return ok("switch", f"{ENVIRONMENT} is set: all agents are limited")
    return warn(
        "switch", f"{ENVIRONMENT} switches limits off, whatever the YAML says", "remove that variable"
    )


def _keys() -> Finding:
    present = [name for name in _KEYS if os.environ.get(name)]
    if len(present) == len(_KEYS) and os.environ[_KEYS[0]] != os.environ[_KEYS[1]]:
        return warn(
            "gemini key",
            f"{' and '.join(_KEYS)} differ: {_KEYS[0]} wins",
            "unset the one that you do not mean",
        )
    if present:
        return ok("gemini key", f"{present[0]} is set")
    return ok(
        "gemini key", "none in the environment", "MassGen also reads .env files, which are not checked here"
    )


def _account() -> Finding:
    try:
        account = read_settings(current_places()).account("gemini")
    except ConfigurationError:
        account = None
    if account:
        return ok("gemini account", f"all keys count for '{account}'")
    hint = "if you use several keys of one project, set `account: NAME` under rate_limit: in each place"
    return ok("gemini account", "each key counts by itself; Google counts per project", hint)
