"""``python -m website.generate``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from website.generate.files import differing, write_all
from website.generate.release.snapshot import snapshot_text

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one of the modes; the exit code is 1 if ``check`` finds a page that differs."""
    parser = argparse.ArgumentParser(prog="python -m website.generate", description=__doc__)
    modes = parser.add_subparsers(dest="mode")
    modes.add_parser("write", help="write every generated page; what is done by default")
    modes.add_parser("check", help="exit code 1 if a file differs from what would be written")
    modes.add_parser("snapshot", help="print what the installed MassGen has, as JSON")
    updating = modes.add_parser("update", help="write everything for another version, and print what changed")
    updating.add_argument("version", help="of MassGen, such as 0.1.98")
    updating.add_argument(
        "--scratch", type=Path, help="where the environment is made; default: a temporary directory"
    )
    updating.add_argument("--dry-run", action="store_true", help="print what changed, and write nothing")
    given = parser.parse_args(arguments)
    return _MODES[given.mode or "write"](given)


def _write(_: argparse.Namespace) -> int:
    print(*write_all(), sep="\n")
    return 0


def _check(_: argparse.Namespace) -> int:
    wrong = differing()
    print(*wrong, sep="\n")
    return 1 if wrong else 0


def _snapshot(_: argparse.Namespace) -> int:
    print(snapshot_text())
    return 0


def _update(given: argparse.Namespace) -> int:
    from website.generate.release.update import update

    with tempfile.TemporaryDirectory() as folder:
        scratch = given.scratch or Path(folder)
        print(update(given.version, scratch, write=not given.dry_run))
    return 0


_MODES = {"write": _write, "check": _check, "snapshot": _snapshot, "update": _update}


if __name__ == "__main__":
    sys.exit(main())
