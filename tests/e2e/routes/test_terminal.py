"""The Textual interface: agents are made in one thread and called in another, and MassGen loses its flag."""

from __future__ import annotations

import shutil
import threading

import pytest
import yaml
from evidence import assert_all_admitted
from harness import QUESTION, Team
from terminal import Terminal

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("switch", "flag"), [(True, []), (None, ["--rate-limit"])], ids=["yaml", "flag"])
def test_the_textual_interface(user, server, switch, flag):
    document = {**Team.of(2, switch=switch).document(), "ui": {"display_type": "textual_terminal"}}
    path = user.write("team.yaml", yaml.safe_dump(document))
    massgen = shutil.which("massgen", path=user.environment["PATH"])
    command = [massgen, "--config", str(path), "--display", "textual", *flag, QUESTION]
    with Terminal(command, user.project, user.environment) as terminal:
        moment = threading.Event()
        for _ in range(240):
            if has_final_answer(user) or terminal.ended:
                break
            moment.wait(0.5)  # a person who looks at the screen
        assert has_final_answer(user), sorted(user.project.rglob("*.*"))
        assert_all_admitted(user, server)


def has_final_answer(user):
    return any(user.project.glob(".massgen/massgen_logs/**/final/*/answer.txt"))
