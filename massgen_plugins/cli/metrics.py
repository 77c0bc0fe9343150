"""``massgen-rl metrics``: exports quotas, waits and calls for Prometheus."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from massgen_plugins.cli.output import say
from massgen_plugins.errors import ConfigurationError

__all__ = ["register"]

_PORT = 9464


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(metrics)


def metrics(
    serve: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help=f"Serve them there until Ctrl-C, such as 127.0.0.1:{_PORT}."),
    ] = None,
) -> None:
    """Print quotas, waits and calls of all processes for Prometheus, or serve them.

    Counters restart at midnight UTC. Nothing is sent to any provider.

    Example: massgen-rl metrics --serve 127.0.0.1:9464
    """
    try:
        from prometheus_client import CollectorRegistry, generate_latest, start_http_server
    except ModuleNotFoundError:
        from massgen_plugins.installation import install_command

        raise ConfigurationError(
            "metrics needs the package prometheus-client; "
            f"run `{install_command('massgen-plugins[metrics]')}`."
        ) from None
    from massgen_plugins.metrics import QuotaCollector

    registry = CollectorRegistry()
    registry.register(QuotaCollector.of_settings())
    if serve is None:
        sys.stdout.write(generate_latest(registry).decode())
        return
    host, port = _address(serve)
    try:
        _, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ConfigurationError(f"--serve {serve}: {error.strerror or 'cannot listen there'}.") from None
    say(f"massgen-rl: http://{serve}/metrics until Ctrl-C.")
    try:
        thread.join()
    except KeyboardInterrupt:
        raise typer.Exit from None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ConfigurationError(
            f"--serve: {text[:40]!a} is not an address; write one such as 127.0.0.1:{_PORT}."
        )
    return host.strip("[]"), int(port)
