"""The commands that look, where there is little to look at: no home, no store, a damaged one, no server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.cli.conftest import PRO, SCRIPT, spend_in

LOOKING = (
    ("status",),
    ("line",),
    ("history",),
    ("watch", "--until-idle"),
    ("why",),
    ("profiles",),
    ("report", "-"),
)
JSON = tuple((*words, "--json") for words in LOOKING if words[0] not in {"report", "watch"})
NEED_THE_STORE = {"status", "line", "watch"}


def one_sentence(ran) -> bool:
    """Nothing but words that a person can use."""
    return "Traceback" not in ran.err + ran.out and ran.err.count("\n") <= 2


@pytest.mark.parametrize("words", [*LOOKING, *JSON], ids=" ".join)
def test_nothing_was_ever_done_here(rl, home, words):
    ran = rl(*words)
    assert ran.code == (2 if words[0] == "report" else 0)
    assert one_sentence(ran)
    assert list(home.iterdir()) in ([], [home / ".cache"])  # what profiles say is remembered
    if "--json" in words:
        json.loads(ran.out)


@pytest.mark.parametrize("words", [*LOOKING, *JSON], ids=" ".join)
def test_the_store_is_damaged(rl, spend, store_file, words):
    spend()
    store_file.write_bytes(store_file.read_bytes()[: 4096 + 100])
    ran = rl(*words)
    needed = words[0] in NEED_THE_STORE
    assert ran.code == (1 if needed else 2 if words[0] == "report" else 0)
    assert one_sentence(ran)
    assert ("is damaged" in ran.err) is needed
    if "--json" in words:
        assert ("error" in json.loads(ran.out)) is needed


@pytest.mark.parametrize("words", [*LOOKING, *JSON], ids=" ".join)
def test_the_server_is_away(rl, settings_file, words):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("store: redis://127.0.0.1:1/0\n")
    ran = rl(*words)
    needed = words[0] in NEED_THE_STORE
    assert ran.code == (1 if needed else 2 if words[0] == "report" else 0)
    assert one_sentence(ran)
    assert ("redis://127.0.0.1:1/0 cannot be used" in ran.err) is needed
    if "--json" in words:
        assert ("error" in json.loads(ran.out)) is needed


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_the_settings_are_wrong(rl, settings_file, words):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("max_wait: soon\n")
    ran = rl(*words)
    assert ran.code == (0 if words[0] == "why" else 2)
    assert one_sentence(ran)
    assert ("max_wait" in ran.err) is (words[0] != "why")


@pytest.mark.parametrize("words", [*LOOKING, *JSON], ids=" ".join)
def test_nothing_can_be_written_in_the_home(script, spend, home, words):
    spend()
    (home / ".cache").write_text("a file where a directory would be")
    ran = script(*words)
    assert ran.code == (2 if words[0] == "report" else 0)
    assert one_sentence(ran)


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_there_is_no_home(home, words):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    done = subprocess.run(
        [SCRIPT, *words],
        env={**environment, "HOME": ""},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode in (0, 1, 2)
    assert "Traceback" not in done.stderr
    assert "The settings say" not in done.stdout + done.stderr  # they say nothing


def test_three_processes_use_the_store(rl, spend, store_file, tmp_path):
    """While they write, what is read is whole."""
    spend()
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from massgen_plugins.rate_limit.stores.sqlite import SqliteStore\n"
        "from tests.cli.conftest import spend_in\n"
        "store = SqliteStore(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "for number in range(60): spend_in(store, process=f'p{number}')\n"
    )
    root = str(Path(__file__).parents[2])
    writers = [
        subprocess.Popen([sys.executable, "-c", code, store_file, root], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    while any(writer.poll() is None for writer in writers):
        document = rl("status", "--json").document
        used = [pool["limits"][0]["used"] for pool in document["pools"]]
        assert used == sorted(used)
        assert max(used) <= 9
        assert rl("line").code == rl("history").code == 0
    for writer in writers:
        assert writer.communicate() == ("", None)
        assert writer.returncode == 0
    store = SqliteStore(store_file)
    spend_in(store, PRO)
    store.close()
    assert len(rl("status", "--json").document["pools"]) == 2
