"""Makes a film of pictures: webm, mp4, captions, a poster, and what there is to know about them."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from studio.screens import Shot

__all__ = ["write_film"]

_KEYFRAMES = ["-force_key_frames", "expr:gte(t,n_forced*60)", "-pix_fmt", "yuv420p", "-fps_mode", "vfr"]
_WEBM = ["-c:v", "libaom-av1", "-crf", "42", "-b:v", "0", "-cpu-used", "6", "-row-mt", "1", "-g", "9999",
         "-aom-params", "tune-content=screen:enable-palette=1:enable-intrabc=1"]  # fmt: skip
_MP4 = ["-c:v", "libx264", "-crf", "34", "-preset", "veryslow", "-tune", "stillimage", "-g", "9999",
        "-movflags", "+faststart"]  # fmt: skip


def write_film(
    base: Path, title: str, film: Iterable[Shot], captions: Sequence[tuple[float, str]], source: str
) -> dict[str, object]:
    """Write ``base``.webm, .mp4, .vtt, .webp and .json; returns what is in the last one.

    Args:
        base: The files' common path, without an ending.
        title: What the film shows.
        film: Its pictures.
        captions: What is said from which second on.
        source: The digest of what it was made from.
    """
    base.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="film-") as scratch:
        listed, all_shots = _write_pictures(film, Path(scratch))
        for ending, how in ((".webm", _WEBM), (".mp4", _MP4)):
            _run_ffmpeg(["-f", "concat", "-i", str(listed), "-an", *how, *_KEYFRAMES, f"{base}{ending}"])
        seconds = all_shots[-1][0] + all_shots[-1][1]
        _write_captions(base.with_suffix(".vtt"), captions, seconds)
        with Image.open(_poster_of(all_shots, captions)) as poster:
            poster.save(base.with_suffix(".webp"), lossless=True, method=6)
            size = poster.size
    about = {"title": title, "seconds": round(seconds), "width": size[0], "height": size[1]}
    for ending in ("webm", "mp4"):
        about[f"{ending}_bytes"] = base.with_suffix(f".{ending}").stat().st_size
    about["made_from"] = source
    base.with_suffix(".json").write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return about


def _write_pictures(film: Iterable[Shot], folder: Path) -> tuple[Path, list[tuple[float, float, Path]]]:
    """The list for ffmpeg; the last picture is in it twice, or its time would be lost."""
    written: list[tuple[float, float, Path]] = []
    lines = ["ffconcat version 1.0"]
    for number, shot in enumerate(film):
        file = folder / f"{number:05}.png"
        shot.picture.save(file, compress_level=1)
        written.append((shot.at, shot.seconds, file))
        lines += [f"file {file.name}", f"duration {shot.seconds:.2f}"]
    lines.append(f"file {written[-1][2].name}")
    listed = folder / "pictures.txt"
    listed.write_text("\n".join(lines) + "\n", "utf-8")
    return listed, written


def _poster_of(film: list[tuple[float, float, Path]], captions: Sequence[tuple[float, str]]) -> Path:
    """The picture that is seen for the longest, of those from the last caption on: the outcome."""
    start = captions[-1][0] if captions else 0.0
    return max((shot for shot in film if shot[0] + shot[1] > start), key=lambda shot: shot[1])[2]


def _write_captions(file: Path, captions: Sequence[tuple[float, str]], seconds: float) -> None:
    ends = [at for at, _ in captions[1:]] + [seconds]
    cues = [
        f"{_time(at)} --> {_time(end)}\n{said}\n"
        for (at, said), end in zip(captions, ends, strict=True)
        if end > at
    ]
    file.write_text("\n".join(["WEBVTT\n", *cues]), "utf-8")


def _time(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{seconds % 60:06.3f}"


def _run_ffmpeg(arguments: list[str]) -> None:
    command = [_ffmpeg(), "-y", "-loglevel", "error", *arguments]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _ffmpeg() -> str:
    program = shutil.which("ffmpeg")
    if program is None and importlib.util.find_spec("imageio_ffmpeg"):
        import imageio_ffmpeg

        program = str(imageio_ffmpeg.get_ffmpeg_exe())
    if program is None:
        raise SystemExit("ffmpeg is needed to make films; run `pip install --group films`.")
    return program
