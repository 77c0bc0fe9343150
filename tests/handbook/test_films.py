"""Every film is there, short, light, as its script says, with captions, on a page that has its transcript."""

from __future__ import annotations

import json
import re
import struct
import sys
from pathlib import Path

import pytest

from .checks.pages import page_paths, read_page
from .checks.places import STATIC, WEBSITE

STUDIO = WEBSITE / "recordings"
FILMS = STATIC / "films"
SCRIPTS = sorted([*(STUDIO / "scripts").glob("*.toml"), *(STUDIO / "films").glob("*.toml")])
NAMES = [file.stem for file in SCRIPTS]
ENDINGS = {"json", "mp4", "txt", "vtt", "webm", "webp"}
LONG = "tour"
"""The one film that may take minutes."""

HEAVIEST = 6_000_000
"""Bytes of all films together."""


@pytest.fixture(scope="module")
def scripts():
    sys.path[:0] = [str(STUDIO), str(WEBSITE / "cases")]
    from studio.script import Script

    return {file.stem: Script.load(file) for file in SCRIPTS}


def about(name):
    return json.loads((FILMS / f"{name}.json").read_text("utf-8"))


def seconds_of_mp4(data):
    """The duration in the box ``mvhd`` of version 0."""
    at = data.index(b"mvhd")
    scale, duration = struct.unpack(">II", data[at + 16 : at + 24])
    return duration / scale


def seconds_of_webm(data):
    """The element ``Duration`` (4489), in the usual unit of milliseconds."""
    at = data.index(b"\x44\x89\x88")
    return struct.unpack(">d", data[at + 3 : at + 11])[0] / 1000


def cues(name):
    """Start, end and text of each caption."""
    text = (FILMS / f"{name}.vtt").read_text("utf-8")
    assert text.startswith("WEBVTT\n")
    found = re.findall(r"^(\d+):([\d.]+) --> (\d+):([\d.]+).*\n(.+)$", text, re.MULTILINE)
    return [(int(a) * 60 + float(b), int(c) * 60 + float(d), said) for a, b, c, d, said in found]


def test_there_are_enough_and_all_of_them_are_light():
    assert len(NAMES) >= 11
    assert {file.name for file in FILMS.iterdir()} == {f"{name}.{end}" for name in NAMES for end in ENDINGS}
    assert sum(file.stat().st_size for file in FILMS.iterdir()) < HEAVIEST


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_less_than_a_minute_and_the_tour_about_three(name):
    seconds = about(name)["seconds"]
    assert 120 <= seconds <= 210 if name == LONG else 5 <= seconds < 60


@pytest.mark.parametrize("name", NAMES)
def test_both_files_play_at_once_and_are_as_long_as_is_said(name):
    told = about(name)
    mp4, webm = ((FILMS / f"{name}.{end}").read_bytes() for end in ("mp4", "webm"))
    assert (len(mp4), len(webm)) == (told["mp4_bytes"], told["webm_bytes"])
    assert mp4.index(b"moov") < mp4.index(b"mdat"), "it must play before all of it has come"
    assert b"avc1" in mp4
    assert b"V_AV1" in webm
    assert seconds_of_mp4(mp4) == pytest.approx(told["seconds"], abs=1)
    assert seconds_of_webm(webm) == pytest.approx(told["seconds"], abs=1)


@pytest.mark.parametrize("name", NAMES)
def test_captions_are_those_of_the_script_and_do_not_overlap(name, scripts):
    shown = cues(name)
    assert shown
    assert [text for *_, text in shown] == scripts[name].captions
    times = [time for start, end, _ in shown for time in (start, end)]
    assert times == sorted(times)
    assert times[-1] <= about(name)["seconds"] + 1


@pytest.mark.parametrize("name", NAMES)
def test_it_is_not_older_than_its_script(name, scripts):
    assert about(name)["title"] == scripts[name].title
    assert about(name)["made_from"] == scripts[name].digest(STUDIO / "files"), (
        f"The script has changed: python website/recordings/record.py {name}"
    )


@pytest.mark.parametrize("name", [file.stem for file in (STUDIO / "scripts").glob("*.toml")])
def test_its_transcript_is_that_of_the_recording(name):
    assert (FILMS / f"{name}.txt").read_text("utf-8") == (STATIC / "recordings" / f"{name}.txt").read_text(
        "utf-8"
    )


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_machine_no_key_and_no_failure_is_in_it(name):
    text = (FILMS / f"{name}.txt").read_text("utf-8")
    assert len(text.split()) > 20
    assert str(Path.home()) + "/" not in text
    assert not re.search(
        r"/tmp/|(?<![\w.~])/(work|root)/|Traceback|command not found|AIza\w{20}|sk-\w{20}", text
    )


def test_every_film_is_shown_on_a_page():
    pages = "".join(read_page(path).text for path in page_paths())
    home = (WEBSITE / "src/pages/index.tsx").read_text("utf-8")
    shown = set(re.findall(r'<Film name="([\w-]+)"', pages + home))
    assert shown == set(NAMES)


def test_nothing_but_the_poster_is_fetched_before_somebody_plays_it():
    component = (WEBSITE / "src/components/Film.tsx").read_text("utf-8")
    assert 'preload="none"' in component
    assert "autoPlay" not in component
    assert re.search(r'<track kind="captions"', component)


def test_the_film_of_the_home_page_types_its_lines(scripts):
    ways = json.loads((WEBSITE / "src/data/home.json").read_text("utf-8"))["ways"]
    [lines] = [way["commands"] for way in ways if way["title"] == "Without any key"]
    typed = [act.type for step in scripts["three-agents"].steps for act in step.acts]
    assert [line for line in lines if line.replace("{site}", "https://massgen.github.io/") not in typed] == []
