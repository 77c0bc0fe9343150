"""The command line as a whole: help, version, mistakes, what is loaded, what is printed where."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
import sysconfig
import termios
from pathlib import Path

import pytest
import typer

import massgen_plugins
from massgen_plugins.cli.app import build_app

SCRIPT = Path(sysconfig.get_path("scripts")) / "massgen-rl"
COMMANDS = (
    *("profiles", "cost", "status", "watch", "line", "history", "report", "why"),
    *("forget", "doctor", "run", "demo"),
)
HEAVY = {"yaml", "sqlite3", "massgen", "rich", "pluggy", "aiohttp", "httpx", "platformdirs"}
REPORT = (
    "import sys\n"
    "from massgen_plugins.cli import main\n"
    "sys.argv = ['massgen-rl', *sys.argv[1:]]\n"
    "try: main()\n"
    "except SystemExit: pass\n"
    "print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))\n"
)
HOSTILE = (
    "",
    "-",
    "..",
    "../../etc/passwd",
    "a" * 100_000,
    "\x1b[31mred\x1b[0m",
    "{}",
    "%s%n",
    "[bold]x[/bold]",
    "🦊",
    "AIza" + "x" * 35,
    "--=",
    "\n",
)


def test_help_names_every_command_and_every_exit_code(rl):
    ran = rl("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)
    assert all(f"    {code}  " in ran.out for code in (0, 1, 2, 3, 127, 130, 141))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(rl, command):
    ran = rl(command, "--help")
    assert ran.code == 0
    assert "Usage: massgen-rl" in ran.out
    assert ran.err == ""


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_loads_nothing_that_only_commands_need(arguments):
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments], capture_output=True, text=True, check=True, env=os.environ
    )
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["status", "--json"],
        ["line"],
        ["line", "--json"],
        ["history"],
        ["history", "--by", "run"],
        ["profiles"],
        ["profiles", "--json"],
        ["pause"],
        ["resume", "--json"],
        ["--version"],
        ["version"],
    ],
    ids=" ".join,
)
def test_what_is_looked_at_all_day_loads_no_library(spend, arguments):
    """Nothing that parses command lines or draws tables; settings are read once, and then remembered."""
    spend()
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", REPORT, *arguments],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ,
        )
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    libraries = HEAVY - {"sqlite3", "platformdirs"} | {"typer", "pydantic", "asyncio", "filelock"}
    to_write = {"filelock", "asyncio"} if arguments[0] in {"pause", "resume"} else set()
    assert not loaded & (libraries - to_write)


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "gemini-2.5-flash", "rpm=4"],
        ["unset", "all"],
        ["pause"],
        ["resume"],
        ["limits"],
        ["schema"],
        ["profiles", "set", "gemini-2.5-flash", "rpm=4"],
        ["forget", "all", "--yes"],
    ],
    ids=" ".join,
)
def test_what_changes_limits_starts_no_massgen_and_draws_nothing(spend, arguments):
    spend()
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments], capture_output=True, text=True, check=True, env=os.environ
    )
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert not loaded & {"massgen", "rich", "aiohttp", "httpx", "jsonschema"}


def test_what_is_remembered_of_settings_is_forgotten_when_they_change(script, spend, settings_file):
    spend()

    def cap():
        return script("status", "--json").document["pools"][0]["limits"][0]["cap"]

    assert cap() == cap() == 9
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("models:\n  gemini-2.5-flash: {rpm: 30}\n")
    assert cap() == cap() == 30
    settings_file.write_text("models: 3\n")
    assert script("status").code == 2
    settings_file.unlink()
    assert cap() == 9


@pytest.mark.parametrize("content", ["", "[]", '{"format": 1, "places": 7}', "\0", "{" * 100_000])
def test_what_is_remembered_may_be_spoiled(script, spend, home, content):
    spend()
    assert script("status").code == 0
    [file] = (home / ".cache").rglob("answers.json")
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text(content)
    ran = script("status")
    assert (ran.code, ran.err) == (0, "")
    assert "9 / 9" in ran.out or "1 / 9" in ran.out


def test_version(script):
    ran = script("--version")
    assert (ran.code, ran.out) == (0, f"massgen-plugins {massgen_plugins.__version__}\n")


@pytest.mark.parametrize(
    ("typed", "meant"), [(["staus"], "status"), (["profles"], "profiles"), (["profiles", "sho"], "show")]
)
def test_a_mistyped_command_gets_a_suggestion(rl, typed, meant):
    ran = rl(*typed)
    assert ran.code == 2
    assert f"'{meant}'" in ran.err
    assert ran.out == ""


def test_a_mistyped_option_is_wrong_usage(rl):
    assert rl("status", "--jsn").code == 2


def test_shell_completion_knows_commands_and_profiles(script):
    words = {"_MASSGEN_RL_COMPLETE": "complete_bash"}
    commands = script(**words, COMP_WORDS="massgen-rl ", COMP_CWORD="1")
    assert set(COMMANDS) <= set(commands.out.split())
    names = script(**words, COMP_WORDS="massgen-rl profiles use gemini-t", COMP_CWORD="3")
    assert "gemini-tier1" in names.out.split()
    assert "gemini-free" not in names.out.split()


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value[:12]))
@pytest.mark.parametrize(
    "command",
    [
        ["profiles", "show"],
        ["profiles", "use"],
        ["profiles", "disable"],
        ["profiles", "validate"],
        ["profiles", "import"],
        ["profiles", "set", "gemini-2.5-flash"],
        ["forget", "--yes"],
        ["status", "--store"],
    ],
    ids=" ".join,
)
def test_hostile_arguments_get_a_sentence_and_change_nothing(rl, spend, settings_file, command, value):
    spend()
    ran = rl(*command, value)
    assert ran.code in (1, 2)
    assert "Traceback" not in ran.err
    assert ran.err
    assert "\x1b" not in ran.err + ran.out
    if command[-1] not in ("validate", "import"):  # theirs is the name of a file
        assert "AIza" not in ran.err + ran.out
    assert len(ran.err) < 3000
    assert not settings_file.exists()


def test_arguments_that_are_no_text_are_answered_in_words(script):
    ran = script("profiles", "show", b"\xff\xfe")
    assert ran.code == 2
    assert "there is no such profile" in ran.err


def test_there_are_no_colours_where_there_is_no_terminal(script, spend):
    spend()
    for arguments in (("profiles",), ("status",), ("doctor", "--quick"), ("profiles", "show", "gemini-seed")):
        assert "\x1b" not in script(*arguments).out


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a terminal of 80 columns is sent."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, 80))
    with subprocess.Popen(
        [SCRIPT, *arguments],
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    ):
        os.close(theirs)
        sent = b""
        with contextlib.suppress(OSError):  # how Linux reports the end
            while part := os.read(ours, 65_536):
                sent += part
    os.close(ours)
    return sent.decode()


def test_a_terminal_gets_colours_unless_no_color_is_set(spend):
    spend()
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]m")
    assert colour.search(on_a_terminal("status"))
    assert not colour.search(on_a_terminal("status", NO_COLOR="1"))


def test_no_line_is_longer_than_the_terminal(spend):
    spend()
    for arguments in (("status",), ("profiles",), ("profiles", "show", "gemini-tier1"), ("doctor",)):
        shown = re.sub(r"\x1b\[[0-9;]*m", "", on_a_terminal(*arguments))
        assert max(map(len, shown.splitlines())) <= 80


def test_a_terminal_of_ascii_letters_gets_no_traceback(script, spend):
    spend()
    for arguments in (("status",), ("profiles",), ("doctor", "--quick")):
        ran = script(*arguments, PYTHONIOENCODING="ascii")
        assert ran.err == ""
        assert ran.out.isascii()


def test_a_reader_who_leaves_early_is_a_code_of_its_own(spend):
    """As of any program that writes to a pipe which nobody reads any more."""
    spend()
    for arguments in ("status", "profiles", "history --since all", "--help"):
        command = f"{SCRIPT} {arguments} | true; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        assert done.stderr == "" or "No calls have been recorded" in done.stderr
        assert done.stdout.strip() in {"0", "141"}  # 0 if it was quicker


def test_a_reader_who_leaves_early_gets_no_traceback():
    command = "'from massgen_plugins.cli import main; main()' profiles show gemini-tier1 | true"
    done = subprocess.run(
        f"{sys.executable} -c {command}", shell=True, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", ["", "--help", "set --help", "profiles", "limits", "schema"])
def test_a_reader_who_leaves_early_ends_it_as_elsewhere(arguments):
    done = subprocess.run(
        ["bash", "-c", f"'{SCRIPT}' {arguments} | true; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("words", [["version"], ["-V"], ["--version"]], ids=" ".join)
def test_words_that_people_try_for_the_version(rl, words):
    assert rl(*words).out == f"massgen-plugins {massgen_plugins.__version__}\n"


def test_words_that_people_try_for_help(rl):
    assert rl().out == rl("--help").out == rl("help").out
    assert rl().code == 0
    assert rl("help", "set").out == rl("set", "--help").out
    assert rl("help", "profiles", "set").out == rl("profiles", "set", "--help").out
    ran = rl("help", "nonsense")
    assert (ran.code, ran.out) == (2, "")
    assert "nonsense" in ran.err


@pytest.mark.parametrize("word", ["list", "ls"])
def test_words_that_people_try_for_the_table(rl, word):
    assert rl("profiles", word).out == rl("profiles").out
    assert rl("profiles", word, "--json").document == rl("profiles", "--json").document
    assert f" {word} " not in rl("profiles", "--help").out


def every_help(command, words=()):
    """The words of every command, those of groups included."""
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            yield from every_help(inner, (*words, name))


EVERY = list(every_help(typer.main.get_command(build_app())))


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_no_help_speaks_of_types_of_python_or_in_braces(rl, words):
    out = rl(*words, "--help").out
    assert not re.search(r"<\w+(\[[^\]]*\])?>|\{|\[\[|\.\.\.\.", out)


OURS = ("set", "unset", "pause", "resume", "limits", "schema", "forget", "doctor", "run", "demo")
INNER = ("show", "use", "enable", "disable", "set", "unset", "validate", "import")


@pytest.mark.parametrize(
    "words",
    [*((name,) for name in OURS), *(("profiles", name) for name in INNER), ("penalty", "clear")],
    ids=" ".join,
)
def test_each_help_has_an_example_that_is_its_own(rl, words):
    assert f"Example: massgen-rl {' '.join(words)}" in rl(*words, "--help").out


def completed(script, line: str, shell: str = "bash") -> list[str]:
    if shell == "bash":
        words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    else:
        words = {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    ran = script(_MASSGEN_RL_COMPLETE=f"complete_{shell}", **words)
    return ran.out.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_what_stands_behind_a_command(script, spend, shell):
    spend()
    assert "gemini-2.5-flash" in " ".join(completed(script, "massgen-rl forget gemini-2", shell))
    assert "gemini-2.5-flash" in " ".join(completed(script, "massgen-rl set gemini-2.5-f", shell))
    assert "rpm=" in " ".join(completed(script, "massgen-rl set gemini-2.5-flash r", shell))
    assert "rpm=" in " ".join(completed(script, "massgen-rl profiles set gemini-2.5-flash r", shell))


def test_completion_knows_what_is_set(script, rl):
    rl("set", "gemini-2.5-pro", "rpm=1")
    assert completed(script, "massgen-rl unset gem") == ["gemini-2.5-pro"]


def test_a_wrong_environment_variable_is_named(rl, monkeypatch):
    monkeypatch.setenv("MASSGEN_PLUGINS_CONFIG_DIR", "relative")
    for arguments in (("profiles",), ("status",), ("profiles", "use", "gemini-free")):
        ran = rl(*arguments)
        assert ran.code == 2
        assert "MASSGEN_PLUGINS_CONFIG_DIR" in ran.err


def test_ctrl_c_ends_with_130(rl, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("massgen_plugins.cli.places.current_places", interrupted)
    monkeypatch.setattr("massgen_plugins.cli.profiles.current_places", interrupted)
    ran = rl("profiles")
    assert ran.code == 130
    assert "Traceback" not in ran.err
