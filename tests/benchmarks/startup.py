"""What our start-up file costs every Python: interpreter starts with it and without, mixed, and their ratio.

Run it with ``python tests/benchmarks/startup.py``; the goal is a ratio of at most 1.05. It is measured in
fresh environments, of which one holds nothing and the other this package alone, installed as users do.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--starts", type=int, default=300, help="starts of each kind (default: 300)")
    starts = parser.parse_args().starts
    with tempfile.TemporaryDirectory() as folder:
        pythons = {
            "without": _environment(Path(folder) / "without"),
            "with": _environment(Path(folder) / "with"),
        }
        _install(pythons["with"])
        times = _measure(pythons, starts)
    medians = {kind: statistics.median(values) * 1000 for kind, values in times.items()}
    for kind, median in medians.items():
        sys.stdout.write(f"{kind:8} {median:7.2f} ms  (median of {starts} starts)\n")
    sys.stdout.write(f"ratio    {medians['with'] / medians['without']:7.3f}\n")


def _environment(root: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root], check=True)
    return root / "bin" / "python"


def _install(python: Path) -> None:
    offline = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    pip = (sys.executable, "-m", "pip", "--quiet")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*pip, "wheel", *offline, "--wheel-dir", folder, REPOSITORY], check=True)
        wheel = next(Path(folder).glob("*.whl"))
        subprocess.run([*pip, "--python", python, "install", *offline, wheel], check=True)


def _measure(pythons: dict[str, Path], starts: int) -> dict[str, list[float]]:
    order = [kind for kind in pythons for _ in range(starts)]
    random.shuffle(order)  # a busy moment of the machine hits both kinds alike
    times: dict[str, list[float]] = {kind: [] for kind in pythons}
    for kind in order:
        began = time.perf_counter()
        subprocess.run([pythons[kind], "-c", "pass"], check=True)
        times[kind].append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    main()
