"""``python website/recordings/record.py [NAME ...]``: record sessions anew; ``check``: do they still look so?

Every command really runs, in a terminal of 70 columns and 24 lines, against a provider on this machine. Needs
asciinema 2.4 beside this Python or on PATH; ``check`` compares with the transcripts and changes nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cases")]

from lab import Lab  # noqa: E402 (this file is a program; its neighbours are not installed)
from studio.cast import Cast  # noqa: E402
from studio.drift import drift  # noqa: E402
from studio.script import Script  # noqa: E402

STATIC = HERE.parent / "static" / "recordings"
COLUMNS, ROWS = 70, 24


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 1 if a recording has drifted; 2 with one line on what is wrong."""
    options = _parser().parse_args(arguments)
    scripts = {file.stem: Script.load(file) for file in sorted((HERE / "scripts").glob("*.toml"))}
    checking = options.names[:1] == ["check"]
    names = options.names[1:] if checking else options.names
    unknown = [name for name in names if name not in scripts]
    if unknown:
        _say(f"There is no recording {unknown[0]!r}; there are: {', '.join(scripts)}.")
        return 2
    chosen = [scripts[name] for name in names] or [s for s in scripts.values() if options.slow or not s.slow]
    return max((_check(script) if checking else _record(script)) for script in chosen)


def _record(script: Script) -> int:
    cast = film(script)
    STATIC.mkdir(parents=True, exist_ok=True)
    cast.write(STATIC / f"{script.name}.cast")
    (STATIC / f"{script.name}.txt").write_text(cast.transcript(), encoding="utf-8")
    _say(
        f"{script.name}: {cast.moments[-1][0]:.0f} s, {(STATIC / f'{script.name}.cast').stat().st_size} bytes"
    )
    return 0


def _check(script: Script) -> int:
    recorded = (STATIC / f"{script.name}.txt").read_text("utf-8")
    lines = drift(recorded, film(script, hurried=not script.slow).transcript(), script.volatile)
    _say("\n".join([f"{script.name}: {'drifted' if lines else 'as recorded'}", *lines]))
    return 1 if lines else 0


def film(script: Script, *, hurried: bool = False, commands: Path | None = None) -> Cast:
    """Play a script in a terminal of its own, and bring back what was seen.

    Args:
        script: What is typed.
        hurried: Without the pauses that readers need; for comparisons of sessions in which no quota runs on.
        commands: A folder whose programs come before all others on PATH.
    """
    with tempfile.TemporaryDirectory(prefix="r-", ignore_cleanup_errors=True) as scratch:
        file = Path(scratch) / "raw.cast"
        with Lab(HERE / "files", Path(scratch)) as lab:
            user = lab.user("u", lab.provider(**(script.provider or {})))
            for unused in set(user.project.iterdir()) - {user.project / name for name in script.files}:
                unused.unlink()
            environment = {**user.environment, "TERM": "xterm-256color", "SHELL": "/bin/bash"}
            if hurried:
                environment["RECORDING_IN_A_HURRY"] = "1"
            if commands:
                environment["PATH"] = f"{commands}{os.pathsep}{environment['PATH']}"
            player = [
                sys.executable,
                str(HERE / "studio" / "player.py"),
                str(HERE / "scripts" / f"{script.name}.toml"),
            ]
            size = ["--cols", str(COLUMNS), "--rows", str(ROWS)]
            command = [*_asciinema(), "rec", "--quiet", *size, "--command", " ".join(player), str(file)]
            subprocess.run(command, cwd=user.project, env=environment, check=True)  # noqa: S603
            renamed = {str(user.project): "~/project", str(user.home): "~", sys.prefix: "~/.venv"}
            renamed |= {str(HERE.parents[1]): "~/massgen-plugins"}
            return Cast.read(file).tidy(renamed)


def _asciinema() -> list[str]:
    if importlib.util.find_spec("asciinema"):
        return [sys.executable, "-m", "asciinema"]
    program = shutil.which("asciinema")
    if program is None:
        raise SystemExit("asciinema is needed to record; run `pip install asciinema==2.4.0`.")
    return [program]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    summary = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python website/recordings/record.py", description=summary)
    parser.add_argument("names", nargs="*", metavar="[check] NAME", help="recordings; none: all fast ones")
    parser.add_argument("--slow", action="store_true", help="with no names: the slow ones too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
