"""Every recording is there, small, readable, about this version, and still looks the way it was recorded."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import time
from pathlib import Path

import pytest

from .checks import running

SITE = Path(__file__).parents[2] / "website"
STUDIO = SITE / "recordings"
STATIC = SITE / "static" / "recordings"
FILMS = SITE / "static" / "films"
NAMES = sorted(file.stem for file in (STUDIO / "scripts").glob("*.toml"))
FILM_ONLY = sorted(file.stem for file in (STUDIO / "films").glob("*.toml"))
FAST = ("doctor", "profiles")
"""Those that do not import MassGen."""
WITH_TOOLS = ("run-code",)
"""Those whose agents have tools of MassGen's."""

needs_asciinema = pytest.mark.skipif(
    importlib.util.find_spec("asciinema") is None, reason="asciinema is not installed"
)


@pytest.fixture(scope="module")
def studio():
    sys.path[:0] = [str(STUDIO), str(SITE / "cases")]
    spec = importlib.util.spec_from_file_location("massgen_recordings", STUDIO / "record.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_the_recording_is_small_and_narrow_enough_for_a_telephone(name):
    file = STATIC / f"{name}.cast"
    head = json.loads(file.read_text("utf-8").splitlines()[0])
    assert file.stat().st_size < 60_000
    assert (head["version"], head["width"] <= 70, head["height"] <= 24) == (2, True, True)


@pytest.mark.parametrize("name", NAMES)
def test_the_transcript_is_what_the_recording_shows(name, studio):
    transcript = (STATIC / f"{name}.txt").read_text("utf-8")
    assert studio.Cast.read(STATIC / f"{name}.cast").transcript() == transcript
    typed = [step.run for step in studio.Script.load(STUDIO / "scripts" / f"{name}.toml").steps if step.run]
    assert [line for line in typed if f"$ {line}" not in transcript] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_machine_and_no_failure_is_in_it(name):
    text = (STATIC / f"{name}.cast").read_text("utf-8")
    assert str(Path.home()) + "/" not in text
    assert not re.search(r"/tmp/|Traceback|command not found", text)


def test_there_are_enough_and_each_is_shown_on_a_page():
    pages = "".join(page.read_text("utf-8") for page in (SITE / "docs").rglob("*.mdx"))
    assert len(NAMES) >= 9
    assert [name for name in NAMES if f'<Recording name="{name}"' not in pages] == []


def test_the_tour_takes_about_three_minutes(studio):
    length = studio.Cast.read(STATIC / "tour.cast").moments[-1][0]
    assert 120 <= length <= 210


def test_numbers_and_bars_are_no_drift_and_words_are(studio):
    before = "rpm 9 / 9  ████░░ free in 1 min 2 s\nreport.txt at 12:03:04\n"
    same = "rpm 7 / 9  ██░░░░ free in 47 s\nreport.txt at 12:59:59\n"
    assert studio.drift(before, same, []) == []
    assert studio.drift(before, same.replace("free in", "blocked for"), []) != []
    assert studio.drift(before, same.replace("free in", "blocked for"), ["^rpm"]) == []


@needs_asciinema
def test_a_script_that_takes_too_long_is_played_again_from_the_start(studio, tmp_path):
    """As MassGen does when it takes a memory address with 429 in it for a rate limit."""
    been, file = tmp_path / "been", tmp_path / "slow.toml"
    step = f"echo begun; test -e {been} || {{ echo $$ $PPID > {been}; sleep 300; }}; echo done"
    file.write_text(f'title = "slow"\nseconds = 5\n[[step]]\nsay = "slow"\nrun = "{step}"\npause = 0.0\n')
    shown = studio.play(studio.Script.load(file), hurried=True).transcript
    assert shown.splitlines()[-2:] == ["begun", "done"]
    assert left_of(been.read_text().split()) == []


def left_of(processes):
    """Those still there after ten seconds: on a busy machine, a killed one takes a while to end."""
    until = time.monotonic() + 10
    while (left := [process for process in processes if is_running(process)]) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def is_running(process):
    """Whether it is there and has not ended; one that nobody has waited for has no command line any more."""
    try:
        return bool(Path("/proc", process, "cmdline").read_bytes())
    except OSError:
        return False


@needs_asciinema
@pytest.mark.parametrize("name", FAST)
def test_it_still_looks_as_it_was_recorded(name, studio):
    still_the_same(name, studio)


@needs_asciinema
@pytest.mark.e2e
@pytest.mark.parametrize("name", sorted({*NAMES, *FILM_ONLY} - set(FAST)))
def test_it_still_looks_as_it_was_recorded_with_massgen(name, studio):
    still_the_same(name, studio)


def commands(name):
    """The real MassGen, but imported once for all of them: in forks of the server that runs the examples."""
    if name in FAST:
        return []
    server = running.server()
    server.wait()
    return [server.commands, server.tools] if name in WITH_TOOLS else [server.commands]


def still_the_same(name, studio):
    script = studio.scripts()[name]
    if script.slow:
        pytest.skip("slow: python website/recordings/record.py check " + name)
    recorded = (FILMS / f"{name}.txt").read_text("utf-8")
    now = studio.play(script, hurried=True, commands=commands(name)).transcript
    lines = studio.drift(recorded, now, script.volatile, screens=script.screens)
    assert not lines, "\n".join(lines)
