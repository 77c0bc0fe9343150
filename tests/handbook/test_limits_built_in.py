"""What /limits/what-massgen-does says of MassGen's own limiter, in 0.1.97."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re

import pytest

from website.generate.reading.distribution import massgen_directory
from website.generate.reading.host import massgen_module

pytestmark = pytest.mark.filterwarnings("ignore")  # MassGen's imports warn of other packages' code

PACKAGE = massgen_directory()


def source(path):
    return (PACKAGE / path).read_text("utf-8")


def everything():
    """All of MassGen but its tests, by path."""
    return {path: path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if "tests" not in path.parts}


def test_the_yaml_key_is_overwritten_by_the_flag():
    assert 'backend_config["enable_rate_limit"] = enable_rate_limit' in source("cli/backends.py")
    assert "enable_rate_limit = args.rate_limit" in source("cli/entrypoint.py")


def test_the_log_of_a_gemini_agent_without_the_flag_says_so():
    assert "Rate limiting disabled" in source("backend/gemini.py")


def test_only_the_gemini_backend_makes_a_limiter():
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path, text in everything().items()
        if "GlobalRateLimiter" in text and path.name != "rate_limiter.py"
    }
    assert users == {"backend/gemini.py"}


def test_tokens_are_never_recorded():
    calls = [path for path, text in everything().items() if re.search(r"\.record_tokens\(", text)]
    assert [path.name for path in calls] == ["rate_limiter.py"]  # in the example of its own docstring


def test_a_limiter_is_shared_by_all_keys_of_a_model_and_kept_in_memory():
    module = massgen_module("backend.rate_limiter")
    module.GlobalRateLimiter.clear_limiters()
    first = module.GlobalRateLimiter.get_multi_limiter_sync("gemini-2.5-flash", rpm=9)
    assert first is module.GlobalRateLimiter.get_multi_limiter_sync("gemini-2.5-flash", rpm=2)
    assert set(inspect.signature(module.MultiRateLimiter).parameters) == {"rpm", "tpm", "rpd"}


def test_a_model_whose_name_contains_anothers_gets_its_numbers():
    config = massgen_module("configs.rate_limits").get_rate_limit_config()
    flash = config.get_limits("gemini", "gemini-2.5-flash")
    assert config.get_limits("gemini", "gemini-2.5-flash-lite") == flash
    assert config.get_limits("gemini", "gemini-3-flash-preview") != flash


def test_the_limiter_surrounds_a_call_that_sends_nothing():
    tree = ast.parse(source("backend/gemini.py"))
    guarded = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncWith) and "_get_rate_limiter_context" in ast.unparse(node.items[0])
    ]
    streams = [node for node in guarded if "generate_content_stream" in ast.unparse(node)]
    assert streams
    for node in streams:  # the answer is read after the block, and that is when the request is sent
        assert not any(isinstance(inner, ast.AsyncFor) for inner in ast.walk(node))


def test_a_full_day_is_slept_away_while_the_lock_is_held(monkeypatch):
    module = massgen_module("backend.rate_limiter")
    limiter = module.MultiRateLimiter(rpd=1)
    slept = []

    async def sleep(seconds):
        slept.append((seconds, limiter._get_lock().locked()))

    async def twice():
        async with limiter:
            pass
        monkeypatch.setattr(module.asyncio, "sleep", sleep)
        async with limiter:
            pass

    asyncio.run(twice())
    [(seconds, locked)] = slept
    assert 86_000 < seconds <= 86_400
    assert locked


def test_the_pauses_after_a_start_belong_to_the_flag():
    controller = inspect.getsource(massgen_module("orchestrator_collaborators.rate_limit_controller"))
    assert "if not orchestrator._enable_rate_limit:\n            return" in controller
    for pause in ('"gemini-2.5-flash": 3.0', '"gemini-2.5-pro": 10.0', '"gemini": 5.0'):
        assert pause in controller


def test_gemini_backs_off_for_2_6_18_and_54_seconds():
    config = massgen_module("backend.gemini").BackoffConfig()
    tries = [config.initial_delay * config.multiplier**number for number in range(config.max_attempts - 1)]
    assert tries == [2, 6, 18, 54]
    assert max(tries) <= config.max_delay
