"""``python -m massgen_plugins.demo``: the demo without the ``massgen-rl`` command."""

from __future__ import annotations

import argparse
import sys

from massgen_plugins.demo.examples import DEFAULT_EXAMPLE
from massgen_plugins.demo.program import main


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m massgen_plugins.demo",
        description="Run MassGen against a sandbox of Gemini, without and with the switch, and compare. "
        "Takes about two minutes, needs no API key and no network.",
    )
    parser.add_argument(
        "--example",
        default=DEFAULT_EXAMPLE,
        metavar="NAME",
        help=f"of MassGen's own (default: {DEFAULT_EXAMPLE})",
    )
    parser.add_argument(
        "--rpm", type=int, metavar="N", help="what the sandbox grants each model (default: Flash 10, Pro 2)"
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    options = _options()
    sys.exit(main(example=options.example, rpm=options.rpm, as_json=options.json))
