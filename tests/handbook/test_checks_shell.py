"""The checks of shell and console fences: each can fail, and says what is wrong."""

from __future__ import annotations

import pytest

from .checks.words_of_shell import take_apart


@pytest.mark.parametrize(
    "line",
    [
        'massgen --config team.yaml "Your question"',
        "massgen --config @examples/basic/multi/three_agents_default.yaml --automation 'What?' > out 2>&1",
        "GEMINI_API_KEY=x massgen --backend gemini --model gemini-2.5-flash hi",
        "massgen logs list --limit 5 | head -3",
        "massgen --help && massgen serve --port 4000",
        "uv run massgen --validate team.yaml --strict --json",
        "massgen-rl profiles set gemini-2.5-pro rpm=5",
        'massgen-rl run -- --config team.yaml "Your question"',
        "massgen-rl --version",
        "make test",
        'python -m pip install "massgen[observability]"',
        "python3 -m massgen_plugins.sandbox --help",
    ],
)
def test_right_lines_pass(said, line):
    assert said("bash check", line) == ""


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("massgen --confg x.yaml hi", "unrecognized arguments: --confg"),
        ("massgen --automat hi", "no option --automat (did you mean '--automation'?)"),
        ("massgen --backend google --model x hi", "invalid choice: 'google'"),
        ("massgen --coordination-mode voting hi", "invalid choice: 'voting'"),
        ("massgen --config a.yaml --select", "not allowed with"),
        ("massgen --config @examples/no_such hi", "ships no example 'no_such'"),
        ("massgen --config @examples/three hi", "can be one of"),
        ("massgen logs lst", "invalid choice: 'lst'"),
        ("massgen serve --prot 1", "unrecognized arguments: --prot 1"),
        ("massgen export --nothing", "unrecognized arguments"),
        ("massgen shares delete", "required: gist_id"),
        ("massgen viewer --nothing", "unrecognized arguments"),
        ("echo $(massgen --nope)", "unrecognized arguments: --nope"),
        ("massgen --automation \\\n  --nope hi", "unrecognized arguments: --nope"),
        ("massgen-rl profils", "No such command 'profils'"),
        ("massgen-rl status --jsn", "--jsn"),
        ("massgen-rl run -- --nope", "unrecognized arguments: --nope"),
        ("pip install 'massgen[externa]'", "massgen has no extra 'externa'"),
        ("make tst", "no target 'tst'"),
        ("python -m massgen_plugins.sandbx", "no module massgen_plugins.sandbx"),
        ("massgen <question", "not shell"),
        ("if true; then", "not shell"),
        ("$ massgen hi", "a prompt in a bash fence"),
    ],
)
@pytest.mark.parametrize("kind", ["check", "other"])
def test_wrong_lines_are_refused_with_their_fault(said, kind, line, complaint):
    assert complaint in said(f"bash {kind}", line if complaint != "not shell" else f"{line}\n(")


def test_the_line_of_a_fault_is_named(said):
    assert "page.mdx:4: massgen --nope" in said("bash check", "true\n# a comment\nmassgen --nope")


def test_sessions_are_commands_and_what_they_print(said):
    assert said("console check", "$ massgen --list-backends\nmassgen --not-a-command\n$ true") == ""
    assert "page.mdx:3: massgen --nope" in said("console check", "output\n$ massgen --nope")
    assert "without a command" in said("console other", "only output")


def test_files_written_by_here_documents_are_checked(said):
    text = "cat > t.yaml <<'EOF'\nagents:\n  - {id: a, backend: {type: %s}}\nEOF\nmassgen --config t.yaml hi"
    assert said("bash check", text % "gemini") == ""
    assert "Unknown backend type: 'gemeni'" in said("bash check", text % "gemeni")


def test_run_fences_are_run_in_an_empty_directory_with_a_fresh_home(said):
    assert said("bash run", 'test -z "$(ls -A)" && test -z "$(ls -A ~)" && touch here ~/there') == ""
    assert said("bash run", 'test -z "$(ls -A . ~ | grep here)"') == ""
    assert said(
        "bash run=2",
        "massgen --coordination-mode parallel --single-agent --quick --nope 2>/dev/null || exit 2",
    )


def test_a_run_that_ends_otherwise_is_told_with_its_last_words(said):
    assert "ended with 3 instead of 0; its last words: so it is" in said("bash run", "echo so it is; exit 3")
    assert "ended with 0 instead of 2" in said("bash run=2", "true")
    assert "ended with 1" in said("bash run", "false\ntrue")


def test_no_network_and_no_keys_reach_a_run(said, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-you")
    assert said("bash run", 'test -z "${OPENAI_API_KEY:-}"') == ""


def test_massgen_itself_runs(said):
    assert said("bash run", "massgen --list-backends | grep -q gemini") == ""
    assert said("bash run=1", "massgen --config missing.yaml hi") == ""


def test_shell_is_taken_apart_as_bash_does():
    commands, documents = take_apart("A=1 sudo b 'c d' | e > f; g && nice -n 10 h\ncat <<X\nmassgen\nX\ni")
    assert [command.words for command in commands] == [["b", "c d"], ["e"], ["g"], ["h"], ["cat"], ["i"]]
    assert [document.text for document in documents] == ["massgen\n"]
