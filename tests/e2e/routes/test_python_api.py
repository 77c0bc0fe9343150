"""``massgen.run()``: somebody's own program, with a configuration that is somebody's own dictionary."""

from __future__ import annotations

import json

import pytest
from evidence import assert_all_admitted
from harness import FLASH, QUESTION

pytestmark = pytest.mark.e2e

TWICE = f"""
import asyncio, copy, json, sys, massgen
shared = {{"type": "gemini", "model": "{FLASH}", "enable_rate_limit": True}}
config = {{"agents": [{{"id": "one", "backend": shared}}, {{"id": "two", "backend": shared}}],
          "ui": {{"display_type": "none"}}}}
given = copy.deepcopy(config)
async def main():
    for _ in range(2):
        result = await massgen.run({QUESTION!r}, config_dict=config, enable_filesystem=False)
        assert result["final_answer"], result
        assert result["rate_limit"]["calls"] == result["rate_limit"]["answered"] >= 3, result
asyncio.run(main())
print(json.dumps({{"as given": config == given, "still one": config["agents"][0]["backend"] is
                  config["agents"][1]["backend"], "flag": sys.argv[1:]}}))
"""

ONCE = f"""
import asyncio, massgen
asyncio.run(massgen.run({QUESTION!r}, model="{FLASH}", num_agents=1, enable_filesystem=False))
"""


def python(user, text, *arguments):
    script = user.write("program.py", text)
    with user.command("python", str(script), *arguments, forked=user.forks) as run:
        return run.finish(180)


@pytest.mark.usefixtures("forks")
def test_two_runs_on_one_dictionary_which_comes_back_as_it_was_given(user, server):
    result = python(user, TWICE)
    assert result.exit_code == 0, result.stderr[-3000:]
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["as given"]
    assert told["still one"]
    assert assert_all_admitted(user, server) >= 6


def test_a_run_by_model_name_is_switched_on_by_the_environment(user, server):
    user.environment["MASSGEN_RATE_LIMIT"] = "1"
    assert python(user, ONCE).exit_code == 0
    assert_all_admitted(user, server)


@pytest.mark.usefixtures("forks")
def test_an_option_of_somebody_elses_program_is_not_massgens_flag(user, server):
    assert python(user, ONCE, "--rate-limit").exit_code == 0
    assert server.report().arrived > 0
    assert not user.store.exists()
