"""Changes the limiter's arithmetic in thousands of small ways, and asks the tests which of them they notice.

``make mutants`` runs it: mutmut makes the changes, called mutants, in a copy of the package in
``mutants/``, and runs for each the tests of ``[tool.mutmut]`` in pyproject.toml that reach the changed
function. A mutant which all of them accept *survived*: the change cannot matter, or a test is missing. A
run that was cut short goes on where it stopped; ``make clean`` forgets it. ``python tests/mutants.py --show
NAME`` shows a change.
"""

from __future__ import annotations

import argparse
import collections
import functools
import random
import signal
import sys

_FORGET = "massgen_plugins"
"""Imported when the interpreter started, by our .pth file: without mutants."""


say = functools.partial(print, flush=True)


def main() -> int:
    """Run as the arguments say; 1 if a mutant survived."""
    wanted = _arguments()
    for name in [name for name in sys.modules if name.split(".")[0] == _FORGET]:
        del sys.modules[name]
    from mutmut import __main__ as mutmut

    if wanted.show:
        say(mutmut.get_diff_for_mutant(wanted.show))
        return 0
    if wanted.sample:
        _take_a_sample(mutmut, wanted.sample, wanted.seed)
    signal.signal(signal.SIGALRM, signal.default_int_handler)  # mutmut ends well on an interrupt
    signal.alarm(60 * wanted.minutes)
    mutmut._run(wanted.names, wanted.processes)
    signal.alarm(0)
    return _report(mutmut)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", help="mutants to run, whatever is known of them; * stands for any text"
    )
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only N of them, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws others")
    parser.add_argument("--minutes", type=int, default=0, metavar="M", help="stop after so long")
    parser.add_argument(
        "--processes", type=int, default=None, metavar="P", help="at a time; one for each core"
    )
    parser.add_argument("--show", metavar="NAME", help="show what a mutant changes, and run nothing")
    return parser.parse_args()


def _take_a_sample(mutmut, size, seed):
    collect = mutmut.collect_source_file_mutation_data

    def sampled(*, mutant_names):
        mutants, files = collect(mutant_names=mutant_names)
        return random.Random(seed).sample(mutants, min(size, len(mutants))), files

    mutmut.collect_source_file_mutation_data = sampled


def _report(mutmut) -> int:
    mutants, _ = mutmut.collect_source_file_mutation_data(mutant_names=())
    table = collections.defaultdict(collections.Counter)
    survivors = []
    for file, name, code in mutants:
        status = mutmut.status_by_exit_code[code]
        for row in (str(file.path), "all"):
            table[row][status] += 1
        if status in ("survived", "no tests"):
            survivors.append(f"{name}: {status}")
    kinds = sorted({status for row in table.values() for status in row})
    say("".join(f"{kind:>20}" for kind in kinds))
    for row, counted in table.items():
        say("".join(f"{counted[kind]:>20}" for kind in kinds), row)
    say(*sorted(survivors), sep="\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
