"""``python website/recordings/record.py [NAME ...]``: record sessions anew; ``check``: do they still look so?

Every command really runs, in a terminal of 70 columns and 24 lines or of the script's own size, or in
Chromium, against a provider on this machine. A film is made of each script; those in the folder ``scripts``
get a cast for the site's player, too. Needs asciinema 2.4 beside this Python or on PATH, and ffmpeg for the
films; ``check`` compares with the transcripts and changes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cases")]

from studio.cast import Cast
from studio.drift import drift
from studio.play import play
from studio.recorded import Recorded
from studio.script import Script

__all__ = ["Cast", "Script", "drift", "play", "scripts"]

STATIC = HERE.parent / "static" / "recordings"
FILMS = HERE.parent / "static" / "films"


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 1 if a recording has drifted; 2 with one line on what is wrong."""
    options = _parser().parse_args(arguments)
    known = scripts()
    does = {"check": _check, "film": _film}.get((options.names or [""])[0], _record)
    names = options.names if does is _record else options.names[1:]
    unknown = [name for name in names if name not in known]
    if unknown:
        _say(f"There is no recording {unknown[0]!r}; there are: {', '.join(known)}.")
        return 2
    chosen = [known[name] for name in names] or [s for s in known.values() if options.slow or not s.slow]
    return max(does(script) for script in chosen)


def scripts() -> dict[str, Script]:
    """Every script by its name."""
    files = sorted([*(HERE / "scripts").glob("*.toml"), *(HERE / "films").glob("*.toml")])
    return {file.stem: Script.load(file) for file in files}


def _record(script: Script) -> int:
    recorded = play(script)
    if script.has_player and recorded.cast is not None:
        STATIC.mkdir(parents=True, exist_ok=True)
        recorded.cast.write(STATIC / f"{script.name}.cast")
        (STATIC / f"{script.name}.txt").write_text(recorded.transcript, encoding="utf-8")
    return _make_film(script, recorded)


def _film(script: Script) -> int:
    """Make the film of a recorded cast anew, without playing its script."""
    cast = Cast.read(STATIC / f"{script.name}.cast")
    return _make_film(script, Recorded.of_terminal(cast, screens=script.screens))


def _make_film(script: Script, recorded: Recorded) -> int:
    from studio.film import write_film

    FILMS.mkdir(parents=True, exist_ok=True)
    (FILMS / f"{script.name}.txt").write_text(recorded.transcript, encoding="utf-8")
    source = script.digest(HERE / "files")
    about = write_film(FILMS / script.name, script.title, recorded.film(), recorded.captions, source)
    _say(f"{script.name}: {about['seconds']} s, {about['webm_bytes']} and {about['mp4_bytes']} bytes")
    return 0


def _check(script: Script) -> int:
    recorded = (FILMS / f"{script.name}.txt").read_text("utf-8")
    now = play(script, hurried=not script.slow).transcript
    lines = drift(recorded, now, script.volatile, screens=script.screens)
    _say("\n".join([f"{script.name}: {'drifted' if lines else 'as recorded'}", *lines]))
    return 1 if lines else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    summary = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python website/recordings/record.py", description=summary)
    wanted = "recordings; none: all fast ones; film: of the recorded cast"
    parser.add_argument("names", nargs="*", metavar="[check | film] NAME", help=wanted)
    parser.add_argument("--slow", action="store_true", help="with no names: the slow ones too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
