"""What all tests share."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

# The machine that runs the tests may be busy: a slow example is not a wrong one.
settings.register_profile("steady", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=1_000, stateful_step_count=120)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def _no_real_home(tmp_path_factory, monkeypatch):
    """No test reads or writes the home directory of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "MASSGEN_PLUGINS_CONFIG_DIR", "MASSGEN_RATE_LIMIT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def only_new_garbage():
    """What tests before these have imported is not looked at again and again for garbage."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
