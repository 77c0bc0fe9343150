"""What is to be done after an import is done right after the module's execution, and changes nothing else."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading

import pytest

from massgen_plugins.import_hook import AfterImport


@pytest.fixture
def new_module(tmp_path, monkeypatch):
    """Writes a module that can be imported during the test."""
    monkeypatch.syspath_prepend(tmp_path)
    written = []

    def write(name, source="value = 1\n"):
        (tmp_path / f"{name}.py").write_text(source)
        written.append(name)
        importlib.invalidate_caches()

    yield write
    for name in written:
        sys.modules.pop(name, None)


@pytest.fixture
def hook():
    seen = []
    hook = AfterImport(
        lambda name: name.startswith("watched"), lambda module: seen.append(vars(module).copy())
    )
    hook.seen = seen
    sys.meta_path.insert(0, hook)
    yield hook
    sys.meta_path.remove(hook)


def test_it_runs_after_the_execution(hook, new_module):
    new_module("watched_1")
    module = importlib.import_module("watched_1")
    assert [names["value"] for names in hook.seen] == [1]
    importlib.import_module("watched_1")
    assert len(hook.seen) == 1
    assert "exec_module" not in vars(module.__loader__)
    assert module.__spec__.loader.get_source("watched_1") == "value = 1\n"


def test_others_are_left_alone(hook, new_module):
    new_module("other_1")
    importlib.import_module("other_1")
    assert hook.seen == []


def test_a_module_that_fails_fails_as_ever(hook, new_module):
    new_module("watched_2", "1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        importlib.import_module("watched_2")
    assert hook.seen == []


def test_a_module_that_is_missing_is_missing(hook):
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("watched_3")


def test_many_threads_import_once(hook, new_module):
    new_module("watched_4", "import time\ntime.sleep(0)\n")
    threads = [threading.Thread(target=importlib.import_module, args=("watched_4",)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hook.seen) == 1


def test_it_imports_nothing_but_sys():
    code = """
import sys
before = set(sys.modules)
import massgen_plugins.import_hook
print(sorted(set(sys.modules) - before - {"massgen_plugins", "massgen_plugins.import_hook", "__future__"}))
"""
    result = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
