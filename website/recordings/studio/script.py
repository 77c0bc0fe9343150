"""A recording's script: what is typed, one command after the other."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Act", "Script", "Step"]


@dataclass(frozen=True)
class Act:
    """One thing that is done in a program that asks, or that fills the screen.

    Attributes:
        wait: Text that must be on the screen first; of a web page, in its text. One that ends with ``$``, a
            prompt, must be the last on the screen.
        say: The caption from here on.
        type: The keys that are pressed.
        click: Of a web page: the element that is clicked, as a selector.
        pause: Seconds to look at the result.
        cut: What was drawn since the program began, or since the last keys, is shown at once.
    """

    wait: str = ""
    say: str = ""
    type: str = ""
    click: str = ""
    pause: float = 1.0
    cut: bool = False


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        run: The command, as it is typed; a line that begins with ``#`` is only typed.
        hidden: A command that nobody sees, most often one that waits.
        pause: Seconds to look at the result.
        say: The caption from here on; of a line that is only typed, the line itself.
        unseen: The command is not typed; only what it draws is seen.
        acts: What is done while the command runs; it is ended after the last of them.
    """

    run: str = ""
    hidden: str = ""
    pause: float = 1.0
    say: str = ""
    unseen: bool = False
    acts: tuple[Act, ...] = ()

    @property
    def caption(self) -> str:
        """What is said, ``say`` or the typed remark."""
        return self.say or (self.run.removeprefix("# ") if self.run.startswith("#") else "")


@dataclass(frozen=True)
class Script:
    """A recording.

    Attributes:
        file: Where it is written.
        title: What it shows, in one sentence.
        steps: The commands, in order.
        files: Files of the folder ``files`` that the project holds.
        provider: Arguments of :meth:`lab.Lab.provider`.
        slow: It takes more than half a minute, so the fast tests leave it out.
        volatile: Patterns of lines that may differ from one time to the next.
        size: Columns and rows of the terminal.
        page: The address of a web page that is filmed instead of a terminal, once ``steps`` serve it;
            ``{port}`` in it, and in the commands, is a free port.
        seconds: If it takes longer, it is stopped and played again from the start; None: no limit.
        network: It installs packages: uv's settings are passed on, and ``REPOSITORY`` is this repository.
    """

    file: Path
    title: str
    steps: tuple[Step, ...]
    files: tuple[str, ...] = ()
    provider: dict[str, Any] | None = None
    slow: bool = False
    volatile: tuple[str, ...] = ()
    size: tuple[int, int] = (70, 24)
    page: str = ""
    seconds: float | None = None
    network: bool = False

    @property
    def name(self) -> str:
        """Its file's name."""
        return self.file.stem

    @property
    def has_player(self) -> bool:
        """Whether the site's player shows it, too."""
        return self.file.parent.name == "scripts"

    def digest(self, folder: Path) -> str:
        """Of all that decides what is seen, to find older films; ``folder`` has the project's files."""
        said = [{key: value for key, value in asdict(step).items() if value} for step in self.steps]
        played = json.dumps([said, self.provider, self.size, self.page], sort_keys=True)
        texts = [(folder / name).read_text("utf-8") for name in self.files]
        return hashlib.sha256("\0".join([played, *texts]).encode()).hexdigest()[:16]

    @property
    def captions(self) -> list[str]:
        """What is said, in order."""
        said = [(step.caption, *(act.say for act in step.acts)) for step in self.steps]
        return [caption for captions in said for caption in captions if caption]

    @property
    def screens(self) -> bool:
        """Whether a program draws on the whole screen: then its transcript is what stood there."""
        return any(step.acts for step in self.steps)

    @staticmethod
    def load(file: Path) -> Script:
        """Read a script; raises ``TypeError`` for a key that there is not."""
        content: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
        steps = content.pop("step")
        for step in steps:
            step["acts"] = tuple(Act(**act) for act in step.pop("act", ()))
        content["steps"] = tuple(Step(**step) for step in steps)
        for key in ("files", "volatile"):
            content[key] = tuple(content.get(key, ()))
        if "size" in content:
            content["size"] = tuple(content["size"])
        return Script(file, **content)
