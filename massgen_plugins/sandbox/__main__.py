"""``python -m massgen_plugins.sandbox``: runs the sandbox until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from massgen_plugins.sandbox.config import Host, SandboxConfig, WindowShape, concurrent, per_model
from massgen_plugins.sandbox.scenes import read_scenes, shipped_scenes
from massgen_plugins.sandbox.server import Sandbox

__all__ = ["main"]

_MINUTE_SHAPES = ["sliding", "fixed", "bucket"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the URL when ready, serve until SIGTERM or SIGINT; returns 0, or 2 after printing an error."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(_config(options), options.port_file, options.ends_with_stdin))
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"sandbox: {problem}\n")
        return 2
    return 0


async def _serve(config: SandboxConfig, port_file: Path | None, ends_with_stdin: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if ends_with_stdin:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    async with Sandbox(config) as sandbox:
        if port_file is not None:
            _write_whole(port_file, sandbox.url.rpartition(":")[2])
        sys.stdout.write(sandbox.url + "\n")
        sys.stdout.flush()
        await stop.wait()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop at the end of standard input, which means that the parent process has ended."""
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


def _write_whole(file: Path, text: str) -> None:
    """Write a file atomically, so that readers never see a partial one."""
    draft = file.with_name(file.name + ".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def _config(options: argparse.Namespace) -> SandboxConfig:
    if options.config is not None:
        config = SandboxConfig.from_json(options.config.read_bytes())
    else:
        config = SandboxConfig(scenes=shipped_scenes())
    if options.scenes is not None:
        config = replace(config, scenes=read_scenes(options.scenes))
    if any(limit is not None for limit in (options.rpm, options.tpm, options.rpd)):
        limits = per_model(
            rpm=options.rpm,
            tpm=options.tpm,
            rpd=options.rpd,
            shape=WindowShape(options.shape),
            minute=options.minute,
        )
        config = replace(config, quotas={"*": limits})
    if options.concurrent is not None:
        every = (*config.quotas.get("*", ()), concurrent(options.concurrent))
        config = replace(config, quotas={**config.quotas, "*": every})
    if options.host is not None:
        config = replace(config, host=Host(options.host))
    if options.port is not None:
        config = replace(config, port=options.port)
    if options.latency is not None or options.uplink is not None:
        latency = config.network.latency if options.latency is None else options.latency
        uplink = config.network.uplink_random if options.uplink is None else options.uplink
        config = replace(config, network=replace(config.network, latency=latency, uplink_random=uplink))
    return config


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m massgen_plugins.sandbox",
        description="A provider on 127.0.0.1 that answers by rule, enforces quotas and tells what it saw.",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a SandboxConfig as JSON, the base of the others"
    )
    parser.add_argument("--port", type=int, help="default: a free one")
    parser.add_argument("--port-file", type=Path, metavar="FILE", help="write the port there when ready")
    parser.add_argument("--rpm", type=int, help="requests per minute, for every model")
    parser.add_argument("--tpm", type=int, help="input tokens per minute, for every model")
    parser.add_argument("--rpd", type=int, help="requests per day (Pacific time), for every model")
    parser.add_argument("--concurrent", type=int, metavar="PLACES", help="calls at the same time, per model")
    parser.add_argument(
        "--host", choices=[host.value for host in Host], help="whose dialect a path speaks that names no host"
    )
    parser.add_argument("--shape", choices=_MINUTE_SHAPES, default="sliding", help="how a minute is enforced")
    parser.add_argument("--minute", type=float, default=60.0, metavar="SECONDS", help="length of a minute")
    parser.add_argument("--latency", type=float, metavar="SECONDS", help="from arrival to headers")
    parser.add_argument(
        "--uplink", type=float, metavar="SECONDS", help="random delay before arrival, up to this"
    )
    parser.add_argument(
        "--scenes", type=Path, metavar="FILE", help="answers to known questions, as TOML; default: our own"
    )
    parser.add_argument("--ends-with-stdin", action="store_true", help="stop when standard input ends")
    return parser


if __name__ == "__main__":
    sys.exit(main())
