"""A server that has imported MassGen, and runs each command in a fork of itself.

Importing MassGen takes 4 to 11 seconds, and dozens of pages show its commands. This module, run with the path
of a socket, waits for requests. Who sends one (:mod:`.stand_ins`, :mod:`.process`) sends its own file
descriptors with it, so that pipes, redirections and exit codes are those of the real command.

A request that asks for ``pid`` is told it in a line before the exit code, which is then not cut to a byte.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from tests.massgen_server.importing import import_module

_LARGEST = 1 << 20
_STEP = 0.02
"""Seconds between two looks at a running command."""


def serve(path: str) -> None:
    """Answer one request after another until the parent is gone."""
    import_module("massgen.cli.entrypoint")
    # Else the first collection in each fork writes to, and thus copies, every page of 300 megabytes.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(64)
        server.settimeout(1)
        parent = os.getppid()
        while os.getppid() == parent:
            with contextlib.suppress(TimeoutError):
                connection, _ = server.accept()
                connection.setblocking(True)
                if os.fork() == 0:
                    server.close()
                    _supervise(connection)
                connection.close()


def _supervise(connection: socket.socket) -> None:
    """Wait for the command in a child of its own, and tell its exit code; who hangs up ends it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, descriptors, _, _ = socket.recv_fds(connection, _LARGEST, 3)
    request = json.loads(text)
    child = os.fork()
    if child == 0:
        connection.close()
        os._exit(_run(request, descriptors))
    for descriptor in descriptors:
        os.close(descriptor)
    if request.get("pid"):
        connection.sendall(f"{child}\n".encode())
    finished, status = os.waitpid(child, os.WNOHANG)
    while not finished:
        if select.select([connection], [], [], _STEP)[0]:
            os.kill(child, signal.SIGTERM)
            os._exit(0)
        finished, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(OSError):
        code = os.waitstatus_to_exitcode(status)
        connection.sendall(str(code if request.get("pid") else code % 256).encode())
    os._exit(0)


def _run(request: dict[str, Any], descriptors: list[int]) -> int:
    """Become the command: its streams, directory, environment and arguments."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    # What they are, files or pipes, is looked at when they are opened.
    sys.stdin = os.fdopen(0, closefd=False)
    if request["environment"].get("PYTHONUNBUFFERED"):
        sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", 0, closefd=False), write_through=True)
    else:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.nice(request.get("nice", 0))
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["argv"]
    sys.path.insert(0, "")
    code = _code_of(request["program"])
    # What the interpreter does at its end, which os._exit leaves out.
    for finish in (threading._shutdown, atexit._run_exitfuncs, sys.stdout.flush, sys.stderr.flush):
        with contextlib.suppress(Exception):
            finish()
    return code


def _code_of(program: str) -> int:
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            sys.stderr.write(f"{leaving.code}\n")
            return 1
        return int(leaving.code or 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


if __name__ == "__main__":
    serve(str(Path(sys.argv[1])))
