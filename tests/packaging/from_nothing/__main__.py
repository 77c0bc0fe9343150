"""Runs the README's installation lines and every cure, from nothing, by three tools."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from . import readme
from .faults import FAULTS, mend
from .newcomer import LIMIT, Newcomer

TOOLS = ("pip==23.2.1", "pip", "uv")
STARTS = "MassGen starts"
UNCHANGED = "no other package changed"
MENDED = f"{len(FAULTS)} of {len(FAULTS)} mended"


def main(tools: tuple[str, ...]) -> int:
    """Go through everything with each tool, and write it down; 0 if all of it went as the README says."""
    beside, empty = readme.installation_lines()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="massgen-plugins-install-") as folder:
        checkout = _checkout(Path(folder) / "checkout")
        for tool in tools:
            newcomer = Newcomer(Path(folder) / tool, tool)
            rows += _told(newcomer.tool, _empty(newcomer, empty, checkout))
            rows += _told(newcomer.tool, _beside(newcomer, beside, checkout))
            rows += _told(newcomer.tool, _cures(newcomer))
            readme.keep(rows[-3:])
    return 0 if all(row["result"] in (STARTS, UNCHANGED, MENDED) for row in rows) else 1


def _told(tool: str, row: dict[str, object]) -> list[dict[str, object]]:
    machine = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    date = dt.datetime.now(dt.UTC).date().isoformat()
    whole = {"tool": tool, **row, "date": date, "machine": machine}
    print(*whole.values(), sep=" | ", flush=True)
    return [whole]


def _checkout(folder: Path) -> Path:
    """The files of the repository as they are now, without what tools have left between them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=readme.REPOSITORY, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (source := readme.REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(source.read_bytes())
    return folder


def _empty(newcomer: Newcomer, line: str, checkout: Path) -> dict[str, object]:
    done = newcomer.line(line, checkout)
    result = _complaint(done.code, done.err) or _doctor(newcomer) or STARTS
    if done.seconds > LIMIT:
        result = f"took longer than {LIMIT} s"
    return {
        "line": line,
        "seconds": round(done.seconds, 1),
        "packages": len(newcomer.packages()),
        "result": result,
    }


def _beside(newcomer: Newcomer, line: str, checkout: Path) -> dict[str, object]:
    newcomer.uninstall("massgen-plugins")
    before = newcomer.packages()
    done = newcomer.line(line, checkout)
    after = newcomer.packages()
    added = after.pop("massgen-plugins", None)
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    result = _complaint(done.code, done.err) or _doctor(newcomer) or UNCHANGED
    if changed or not added:
        result = f"changed {', '.join(changed)}"
    return {"line": line, "seconds": round(done.seconds, 1), "packages": 1, "result": result}


def _cures(newcomer: Newcomer) -> dict[str, object]:
    complaints = [complaint for fault in FAULTS if (complaint := mend(newcomer, fault))]
    for complaint in complaints:
        print(complaint, file=sys.stderr, flush=True)
    result = f"{len(FAULTS) - len(complaints)} of {len(FAULTS)} mended"
    return {"line": "cures", "seconds": None, "packages": None, "result": result}


def _doctor(newcomer: Newcomer) -> str:
    """Empty if the doctor, who starts MassGen, finds nothing wrong."""
    done = newcomer.run("massgen-rl", "doctor")
    return "" if not done.code else f"massgen-rl doctor: {(done.out + done.err)[-2000:]}"


def _complaint(code: int, said: str) -> str:
    return said[-600:] or f"exit code {code}" if code else ""


if __name__ == "__main__":
    raise SystemExit(main(tuple(sys.argv[1:]) or TOOLS))
