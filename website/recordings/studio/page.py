"""Films a web page that a command serves, in Chromium."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from studio.picture import with_band
from studio.recorded import Recorded
from studio.screens import Shot
from studio.script import Script

__all__ = ["record_page"]

_FILMER = Path(__file__).with_name("page.mjs")
_STEP = 0.25
"""Seconds between two pictures, at least."""

_WITHIN = 120.0
"""Seconds until the page must be served."""


def record_page(
    script: Script,
    project: Path,
    environment: Mapping[str, str],
    renamed: Mapping[str, str],
    *,
    hurried: bool,
) -> Recorded:
    """Serve the page with the script's last command, and film what its acts do there.

    Raises:
        TimeoutError: Nobody serves it.
        subprocess.CalledProcessError: An act could not be done.
    """
    port = _free_port()
    for step in script.steps[:-1]:
        subprocess.run(["bash", "-c", step.hidden or step.run], cwd=project, env=environment, check=True)
    served = subprocess.Popen(
        ["bash", "-c", script.steps[-1].run.replace("{port}", str(port))],
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(port)
        folder = project.parent / "pictures"
        folder.mkdir()
        plan = {
            "url": script.page.replace("{port}", str(port)),
            "size": script.size,
            "acts": [asdict(act) for act in script.steps[-1].acts],
            "folder": str(folder),
            "hurried": hurried,
        }
        return _read(_film(plan, project.parent / "plan.json"), renamed)
    finally:
        os.killpg(served.pid, signal.SIGKILL)
        served.wait()


def _film(plan: Mapping[str, Any], file: Path) -> dict[str, Any]:
    file.write_text(json.dumps(plan), "utf-8")
    done = subprocess.run(["node", str(_FILMER), str(file)], check=True, stdout=subprocess.PIPE)
    filmed: dict[str, Any] = json.loads(done.stdout)
    return filmed


def _read(filmed: Mapping[str, Any], renamed: Mapping[str, str]) -> Recorded:
    parts = []
    for _, caption, text in filmed["said"]:
        for old, new in renamed.items():
            text = text.replace(old, new)  # noqa: PLW2901 (the text, with folders renamed)
        parts.append("\n".join([f"[{caption}]", *(line for line in text.splitlines() if line.strip())]))
    captions = [(round(at, 2), caption) for at, caption, _ in filmed["said"]]
    return Recorded("\n\n".join(parts) + "\n", captions, pictures=list(_shots(filmed)))


def _shots(filmed: Mapping[str, Any]) -> list[Shot]:
    """The last picture of each quarter of a second, for as long as it stayed."""
    chosen: dict[int, str] = {}
    for at, file in filmed["pictures"]:
        chosen[int(at / _STEP)] = file
    starts = sorted(chosen)
    ends = [*starts[1:], max(int(filmed["seconds"] / _STEP), starts[-1] + 1)]
    shown = []
    for start, end in zip(starts, ends, strict=True):
        with Image.open(chosen[start]) as picture:
            shown.append(Shot(start * _STEP, (end - start) * _STEP, with_band(picture.convert("RGB"))))
    return shown


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    end = time.monotonic() + _WITHIN
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(f"nothing listens on port {port} after {_WITHIN:.0f} s")
