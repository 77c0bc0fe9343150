"""What happens at interpreter start and while MassGen is imported, in whichever order."""

from __future__ import annotations

import pytest
from environments import ATTACHED, FINDERS

MODULES = "import sys; print('\\n'.join(sys.modules))"
IMPORTED = "import massgen.cli, massgen.subagent.manager"
BOOTSTRAP = "import massgen_plugins as bootstrap; bootstrap.start()"
ALL = str([True, True, True])


def test_start_imports_next_to_nothing(installed, make_environment):
    without_us = set(make_environment().evaluate(MODULES).split())
    added = set(installed.evaluate(MODULES).split()) - without_us
    assert added - {"__future__"} == {"massgen_plugins"}


def test_attaches_to_every_seam_and_leaves_no_finder(normal, host):
    code = f"{ATTACHED}\n{IMPORTED}\nprint(attached())\n{FINDERS}"
    seams, finders = normal.evaluate(code, PYTHONPATH=host()).splitlines()
    assert seams == ALL
    assert "HostFinder" not in finders


@pytest.mark.parametrize("first", ["massgen.cli.backends", "massgen.cli", "massgen.subagent.manager"])
def test_order_of_massgens_modules_does_not_matter(normal, host, first):
    code = f"{ATTACHED}\nimport {first}\n{IMPORTED}\nprint(attached())"
    assert normal.evaluate(code, PYTHONPATH=host()).strip() == ALL


def test_starting_twice_attaches_once(normal, host):
    code = f"{BOOTSTRAP}\n{FINDERS}\n{ATTACHED}\n{IMPORTED}\nprint(attached())"
    finders, seams = normal.evaluate(code, PYTHONPATH=host()).splitlines()
    assert finders.count("HostFinder") == 1
    assert seams == ALL


def test_started_between_massgens_modules(normal, host):
    code = f"{ATTACHED}\nimport massgen.cli\n{BOOTSTRAP}\nimport massgen.subagent.manager\nprint(attached())"
    seams = normal.evaluate(code, PYTHONPATH=host(), MASSGEN_PLUGINS_DISABLE="1").strip()
    assert seams == str([False, False, False]), "the opt-out holds for start() as well"


def test_the_hosts_modules_look_as_ever(normal, host):
    code = (
        "import massgen.cli.backends as module, inspect\n"
        "print(type(module.__loader__).__name__, 'exec_module' in vars(module.__loader__))\n"
        "print(module.__spec__.loader is module.__loader__)\n"
        "print('def create_backend' in inspect.getsource(module))"
    )
    assert normal.evaluate(code, PYTHONPATH=host()).split() == ["SourceFileLoader", "False", "True", "True"]


def test_a_reload_gives_massgens_own_code_back_and_works(normal, host):
    code = (
        f"{IMPORTED}\nimport importlib\n"
        "module = importlib.reload(massgen.cli.backends)\nprint(module.create_backend('x'))"
    )
    assert normal.evaluate(code, PYTHONPATH=host()).strip() == "x"


def test_without_massgen_its_import_fails_as_ever(normal):
    # -I: the neighbours' folder has the real MassGen, so a finder that is asked first hides it.
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'massgen':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(1, Absent())\n"
        "for name in ('massgen', 'massgen.cli'):\n"
        "    try: __import__(name)\n"
        "    except ModuleNotFoundError as error: print(error)\n"
    )
    assert normal.evaluate(code).splitlines() == ["No module named 'massgen'"] * 2


def test_a_seam_that_is_gone_costs_one_line_and_not_the_import(normal, host):
    backends = "def create_agents_from_config(config):\n    return {}\n"
    folder = host({"massgen/cli/__init__.py": "", "massgen/cli/backends.py": backends})
    result = normal.run("-c", "import massgen.cli.backends; print('imported')", PYTHONPATH=folder)
    assert result.stdout == "imported\n"
    (line,) = result.stderr.splitlines()
    assert line.startswith("massgen-plugins: could not attach to massgen.cli.backends:")


IN_THE_WAY = "raise ImportError(\"cannot import name 'streamablehttp_client' from 'mcp'\")\n"
COMMAND = """
import sys
sys.argv = ["/bin/massgen", *{arguments}]
import massgen.cli
"""


@pytest.fixture
def broken_start(normal, host, tmp_path):
    """Starts a MassGen that cannot be imported; gives what the package says of it."""

    def start(*arguments, yaml="", **environment):
        (tmp_path / "team.yaml").write_text(yaml)
        given = [*arguments, "--config", str(tmp_path / "team.yaml")]
        folder = host({"massgen/__init__.py": IN_THE_WAY})
        code = COMMAND.format(arguments=given)
        ran = normal.run("-c", code, PYTHONPATH=folder, **environment)
        lines = ran.stderr.splitlines()
        assert lines[-1].startswith("ImportError: cannot import name 'streamablehttp_client'")
        return [line for line in lines if line.startswith("massgen-plugins: ")]

    return start


LIMITED = "agents:\n  - backend: {type: gemini, enable_rate_limit: true}\n"


@pytest.mark.parametrize(
    "asked",
    [
        {"MASSGEN_RATE_LIMIT": "1"},
        {"yaml": LIMITED},
        {"yaml": LIMITED.replace("true", "{massgen_plugins_x: 1}")},
    ],
    ids=["environment", "YAML", "sub-agent"],
)
def test_a_limited_run_of_a_massgen_that_cannot_be_imported_is_told_the_cure(broken_start, asked):
    (line,) = broken_start(**asked)
    assert "mcp " in line
    assert " is in the way, mcp 1.30.0 works; run `" in line
    assert "agentscope<2.0.11" in line


def test_the_flag_asks_for_limits_too(broken_start):
    assert len(broken_start("--rate-limit")) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"yaml": LIMITED.replace("true", "false")},
        {"yaml": LIMITED, "MASSGEN_RATE_LIMIT": "0"},
        {"yaml": "# enable_rate_limit: true\n"},
    ],
)
def test_every_other_run_is_told_nothing(broken_start, asked):
    assert broken_start(**asked) == []


@pytest.mark.e2e
def test_the_real_massgen(installed):
    code = f"{ATTACHED}\n{IMPORTED}\nprint(attached())\n{FINDERS}"
    seams, finders = installed.run("-c", code).stdout.splitlines()[-2:]
    assert seams == ALL
    assert "HostFinder" not in finders
