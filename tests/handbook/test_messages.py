"""Messages of libraries and the system on /fix/troubleshooting: those "run" that can be run anywhere."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys

import pytest
import yaml

from .checks.places import DOCS

PAGE = (DOCS / "fix/troubleshooting.mdx").read_text(encoding="utf-8")


def section(title):
    return PAGE.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


def rows(text):
    lines = [
        line
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith(("| message", "| ---"))
    ]
    return [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in lines]


def test_there_are_more_than_fifty_and_each_says_whether_it_was_run():
    libraries, providers = rows(section("Libraries and the system")), rows(section("What providers refuse"))
    assert len(libraries) + len(providers) > 50
    assert {row[-1] for row in libraries} == {"run", "reported"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r'cwd: "C:\Users\me"', "expected escape sequence of 8 hexadecimal numbers"),
        ("a:\tb", r"found character '\t' that cannot start any token"),
        ("key: @examples/x", "found character '@' that cannot start any token"),
        ("text: one: two", "mapping values are not allowed here"),
    ],
)
def test_yaml_says_it(text, message):
    with pytest.raises(yaml.YAMLError, match=re.escape(message)):
        yaml.safe_load(text)
    assert message in PAGE


def test_a_path_in_double_quotes_can_lose_a_letter():
    assert yaml.safe_load(r'cwd: "C:\team"') == {"cwd": "C:\team"}


def test_a_notebook_has_a_loop_already():
    async def cell():
        coroutine = asyncio.sleep(0)
        try:
            asyncio.run(coroutine)
        finally:
            coroutine.close()

    with pytest.raises(RuntimeError, match=r"asyncio\.run\(\) cannot be called from a running event loop"):
        asyncio.run(cell())


def test_git_is_wanted_at_every_start(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import git"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Bad git executable" in done.stderr
    quiet = {"PATH": str(tmp_path), "GIT_PYTHON_REFRESH": "quiet"}
    subprocess.run([sys.executable, "-c", "import git"], env=quiet, check=True)


def test_a_terminal_that_knows_ascii_only_stops_at_the_first_emoji():
    print_it = [sys.executable, "-c", "print(chr(0x2705))"]
    ascii_only = {"PYTHONIOENCODING": "ascii", "PATH": ""}
    done = subprocess.run(print_it, env=ascii_only, capture_output=True, text=True, check=False)
    assert "'ascii' codec can't encode character" in done.stderr
    subprocess.run(print_it, env={"PYTHONUTF8": "1", "PATH": ""}, check=True, capture_output=True)


def test_an_occupied_port_ends_the_web_server_with_3():
    code = "import uvicorn, sys; uvicorn.run(lambda: None, host='127.0.0.1', port=int(sys.argv[1]))"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([sys.executable, "-c", code, port], capture_output=True, text=True, check=False)
    assert "address already in use" in done.stderr
    assert done.returncode == 3
