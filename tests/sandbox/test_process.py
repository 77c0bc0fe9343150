"""The sandbox as a process: found when ready, gone when it must be."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from massgen_plugins.sandbox import QuotaKind, SandboxConfig, SandboxProcess, per_model
from massgen_plugins.sandbox.__main__ import main

COMMAND = [sys.executable, "-m", "massgen_plugins.sandbox"]
BODY = json.dumps({"contents": [{"parts": [{"text": "hello"}]}]}).encode()


def ask(url: str) -> int:
    request = urllib.request.Request(f"{url}/v1beta/models/m:generateContent?key=k", BODY)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            status: int = response.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_serves_reports_changes_and_forgets() -> None:
    with SandboxProcess(SandboxConfig(quotas={"*": per_model(rpm=1)})) as sandbox:
        assert [ask(sandbox.url), ask(sandbox.url)] == [200, 429]
        assert sandbox.report().worst_window(QuotaKind.REQUESTS, 60) == 1.0
        sandbox.change_quotas({"*": per_model(rpm=2)})
        assert ask(sandbox.url) == 200
        sandbox.reset()
        assert sandbox.report().arrived == 0


def test_it_is_gone_after_the_block_even_after_an_error() -> None:
    sandbox = SandboxProcess()
    process = None
    with contextlib.suppress(KeyError), sandbox:
        process = sandbox._process
        raise KeyError
    assert process is not None
    assert process.returncode is not None
    assert not is_running(process.pid)


def test_a_child_that_cannot_start_is_an_error_and_leaves_nothing() -> None:
    with SandboxProcess() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        second = SandboxProcess(SandboxConfig(port=port))
        with pytest.raises(RuntimeError, match="did not start"):
            second.__enter__()
        assert second._process is None


def test_it_ends_when_its_owner_is_killed() -> None:
    owner = (
        "import os, signal; from massgen_plugins.sandbox import SandboxProcess\n"
        "with SandboxProcess() as sandbox:\n"
        "    print(sandbox.url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # The child holds the other end of our error pipe: reading it ends only when the child has ended.
    done = subprocess.run([sys.executable, "-c", owner], capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(urllib.error.URLError):
        ask(done.stdout.decode().strip())


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_where_it_listens_and_stops_when_told(tmp_path: Path, stop: signal.Signals) -> None:
    file = tmp_path / "port"
    command = [*COMMAND, "--rpm", "1", "--port-file", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert file.read_text() == url.rpartition(":")[2]
        assert [ask(url), ask(url)] == [200, 429]
        process.send_signal(stop)
        assert process.wait(30) == 0
        assert process.stdout.read() == ""


@pytest.mark.parametrize(
    ("text", "named"),
    [(None, "No such file"), ("{", "JSON"), ('{"quotas": 5}', "quotas"), ('{"latency": 1}', "latency")],
)
def test_a_bad_configuration_is_one_sentence_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, named: str
) -> None:
    file = tmp_path / "sandbox.json"
    if text is not None:
        file.write_text(text)
    assert main(["--config", str(file)]) == 2
    assert named in capsys.readouterr().err


def test_the_command_line_takes_a_host_and_places(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    options = ["--host", "xai", "--concurrent", "0", "--port-file", str(port_file), "--ends-with-stdin"]
    with subprocess.Popen([*COMMAND, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        url = process.stdout.readline().decode().strip()
        body = json.dumps({"model": "grok-4", "messages": [{"role": "user", "content": "hi"}]}).encode()
        request = urllib.request.Request(f"{url}/v1/chat/completions", body, {"Authorization": "Bearer k"})
        with pytest.raises(urllib.error.HTTPError) as refused, contextlib.closing(process.stdout):
            urllib.request.urlopen(request, timeout=10)
        with refused.value as error:
            assert json.loads(error.read())["code"] == "resource-exhausted"
        process.terminate()
