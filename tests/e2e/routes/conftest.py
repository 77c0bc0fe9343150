"""Every way into MassGen, one after the other: is the switch heard, and is every request admitted?

The quotas are large, so that these runs wait for nothing. (They take ``tmp_path`` and not ``folder``: they do
not run ahead beside the measured ones.)
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from massgen_plugins.sandbox import SandboxConfig, SandboxProcess, per_model

# For evidence, terminal and overlay, whichever way pytest was started.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from harness import User

LARGE = "models:\n  gemini-2.5-flash: {rpm: 500, tpm: 100000000, rpd: 5000}\n"


@pytest.fixture(scope="package")
def _server():
    with SandboxProcess(
        SandboxConfig(quotas={"*": per_model(rpm=1000, tpm=200_000_000, rpd=10_000)})
    ) as server:
        yield server


@pytest.fixture
def server(_server):
    _server.reset()
    return _server


@pytest.fixture
def user(tmp_path, server):
    """Somebody whose own settings allow a lot."""
    somebody = User(tmp_path, server.url)
    somebody.forks = False
    somebody.config_dir.mkdir(parents=True)
    (somebody.config_dir / "rate_limit.yaml").write_text(LARGE, encoding="utf-8")
    return somebody


@pytest.fixture
def forks(user):
    """For what happens long after the start of MassGen, which the other tests are about."""
    user.forks = True
