"""Plays a script for a user with an empty home, against a provider on this machine, and records it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab import Household, Lab

from massgen_plugins.sandbox.scenes import shipped_scenes
from studio.cast import Cast
from studio.page import record_page
from studio.recorded import Recorded
from studio.script import Script

__all__ = ["play"]

_HERE = Path(__file__).resolve().parents[1]
_TRIES = 3


def play(script: Script, *, hurried: bool = False, commands: Sequence[Path] = ()) -> Recorded:
    """Play a script in a terminal or a browser of its own, and bring back what was seen.

    Args:
        script: What is typed.
        hurried: Without the pauses that readers need; for comparisons of sessions in which no quota runs on.
        commands: Folders whose programs come before all others on PATH.

    Raises:
        RuntimeError: The script did not get to its end, or not within its ``seconds``.
    """
    for _ in range(_TRIES):
        try:
            return _play(script, hurried=hurried, commands=commands)
        except subprocess.TimeoutExpired:
            continue
    raise RuntimeError(f"{script.name} took more than {script.seconds} s, {_TRIES} times.")


def _play(script: Script, *, hurried: bool, commands: Sequence[Path]) -> Recorded:
    with (
        tempfile.TemporaryDirectory(prefix="r-", ignore_cleanup_errors=True) as scratch,
        Lab(_HERE / "files", Path(scratch)) as lab,
    ):
        provider = lab.provider(**{"scenes": shipped_scenes(), **(script.provider or {})})
        user = lab.user("u", provider)
        _keep_only(script.files, user.project)
        environment = _environment(script, user, hurried=hurried, commands=commands)
        renamed = {str(user.project): "~/project", str(user.home): "~", sys.prefix: "~/.venv"}
        renamed |= {str(_HERE.parents[1]): "~/massgen-plugins"}
        if script.page:
            return record_page(script, user.project, environment, renamed, hurried=hurried)
        cast = _record(script, user.project, environment, Path(scratch) / "raw.cast").tidy(renamed)
        if [said for _, said in cast.captions] != script.captions:
            raise RuntimeError(f"{script.name} did not get to its end:\n{cast.transcript()[-2000:]}")
        return Recorded.of_terminal(cast, screens=script.screens)


def _keep_only(names: tuple[str, ...], project: Path) -> None:
    """Remove files of other scripts, and directories that are empty then."""
    for path in sorted(project.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and str(path.relative_to(project)) not in names:
            path.unlink()


def _environment(
    script: Script, user: Household, *, hurried: bool, commands: Sequence[Path]
) -> dict[str, str]:
    environment = {**user.environment, "TERM": "xterm-256color", "SHELL": "/bin/bash"}
    environment |= {"COLORTERM": "truecolor"} if script.screens else {}
    if script.network:
        real = os.environ.items()
        environment |= {name: value for name, value in real if name.startswith(("UV_", "SSL_CERT"))}
        environment |= {name: os.environ.get(name, "") for name in ("HTTP_PROXY", "HTTPS_PROXY")}
        environment |= {
            "REPOSITORY": str(_HERE.parents[1]),
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv")),
            "UV_FIND_LINKS": str(user.home / "wheels"),
        }
    if hurried:
        environment["RECORDING_IN_A_HURRY"] = "1"
    environment["PATH"] = os.pathsep.join([*map(str, commands), environment["PATH"]])
    return environment


def _record(script: Script, project: Path, environment: dict[str, str], file: Path) -> Cast:
    player = [sys.executable, str(_HERE / "studio" / "player.py"), str(script.file)]
    columns, rows = script.size
    size = ["--cols", str(columns), "--rows", str(rows)]
    command = [*_asciinema(), "rec", "--quiet", *size, "--command", " ".join(player), str(file)]
    _run(command, script.seconds, cwd=project, env=environment)
    return Cast.read(file)


def _run(command: list[str], seconds: float | None, **options: Any) -> None:
    """Run asciinema. If it is stopped, all of it is, and the kernel hangs up on what it has recorded."""
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            code = process.wait(seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if code:
        raise subprocess.CalledProcessError(code, command)


def _asciinema() -> list[str]:
    if importlib.util.find_spec("asciinema"):
        return [sys.executable, "-m", "asciinema"]
    program = shutil.which("asciinema")
    if program is None:
        raise SystemExit("asciinema is needed to record; run `pip install asciinema==2.4.0`.")
    return [program]
