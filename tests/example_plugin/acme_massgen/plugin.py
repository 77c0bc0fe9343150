"""What the entry point names: one function for each hook that this plugin implements."""

from __future__ import annotations

from pathlib import Path

from acme_massgen.counting import CountingMiddleware
from acme_massgen.provider import AcmeProvider
from massgen_plugins.hookspecs import hookimpl

# Middleware, agents and events of one process end up in the same tally.
_counter = CountingMiddleware()


@hookimpl
def massgen_middleware():
    """Count every model call. (The hook offers a context; a function may take less.)"""
    return _counter


@hookimpl
def massgen_provider():
    """Read Acme's traffic."""
    return AcmeProvider()


@hookimpl
def massgen_profile_directories():
    """Limits of Acme's tiers."""
    return [Path(__file__).parent / "profiles"]


@hookimpl
def massgen_agent_starting(agent):
    """Remember who was switched on."""
    _counter.note(f"agent {agent.agent_id} {agent.provider} {agent.model}")


@hookimpl
def massgen_event(event):
    """Remember what happened."""
    _counter.note(f"event {type(event).__name__}")


@hookimpl
def massgen_cli_commands(app):
    """Add ``massgen-rl acme``."""

    @app.command("acme")
    def acme() -> None:
        """Say hello from Acme."""
        print("Acme is here.")
