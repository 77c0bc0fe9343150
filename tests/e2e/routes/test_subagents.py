"""A sub-agent for real: another process and directory, a stripped environment, the parent's quota."""

from __future__ import annotations

import json
import textwrap

import pytest
from child import tool_servers
from evidence import admitted
from harness import FLASH, QUESTION, User

pytestmark = pytest.mark.e2e

PARENT = f"""
import asyncio, json, sys, massgen
from massgen.cli.backends import create_agents_from_config
config = {{"agents": [{{"id": "a0", "backend": {{"type": "gemini", "model": "{FLASH}",
           "enable_rate_limit": True}}}}]}}
asyncio.run(massgen.run({QUESTION!r}, config_dict=config, enable_filesystem=False))
agents = create_agents_from_config(config)
json.dump([{{"id": name, "backend": agent.backend.config}} for name, agent in agents.items()],
          open("parents.json", "w"))
"""

SERVER = """
import json, sys, yaml
from pathlib import Path
from massgen.subagent.manager import SubagentManager
from massgen.subagent.models import SubagentConfig
workspace = Path(sys.argv[2])
manager = SubagentManager(parent_workspace=str(workspace), parent_agent_id="a0", orchestrator_id="o",
                          parent_agent_configs=json.load(open(sys.argv[1])))
child = manager._generate_subagent_yaml_config(SubagentConfig.create("think", "a0"), workspace)
(workspace / "child.yaml").write_text(yaml.dump(child))
assert "massgen.cli.backends" not in sys.modules
"""


def test_a_sub_agent_spends_its_parents_quota(user, server, tmp_path):
    user.environment["XDG_STATE_HOME"] = str(tmp_path / "state")
    succeed(user.command("python", str(user.write("parent.py", PARENT)), forked=True))
    of_the_parent = server.report().arrived
    assert of_the_parent > 0

    child = stripped(user, server, tmp_path / "elsewhere")
    program = str(child.write("server.py", SERVER))
    succeed(child.command("python", program, str(user.project / "parents.json"), str(child.project)))
    succeed(child.command("massgen", "--automation", "--config", "child.yaml", QUESTION))

    assert server.report().arrived > of_the_parent
    assert not child.store.exists()
    owner = WithStoreOf(user, tmp_path)
    assert admitted(owner) == server.report().arrived
    assert len(owner.pools()) == 1


def stripped(user, server, folder):
    """Somebody with the environment that an MCP client gives to a server; the key is in MassGen's file."""
    child = User(folder, server.url)
    child.forks = False
    for name in ("GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY", "LANG", "PYTHONUNBUFFERED"):
        del child.environment[name]
    child.environment["HOME"] = str(user.home)
    child.environment["PATH"] = f"{tool_servers()}:{child.environment['PATH']}"
    env_file = user.home / ".massgen" / ".env"
    env_file.parent.mkdir(exist_ok=True)
    env_file.write_text(f"GEMINI_API_KEY=test-key\nGOOGLE_GEMINI_BASE_URL={server.url}\n", encoding="utf-8")
    return child


def succeed(command):
    with command as run:
        result = run.finish(180)
    assert result.exit_code == 0, textwrap.shorten(result.stderr, 3000) + json.dumps(result.stdout[-2000:])


class WithStoreOf(User):
    """The same user, whose store is where the environment says."""

    def __init__(self, user, tmp_path):
        vars(self).update(vars(user))
        self._state = tmp_path / "state"

    @property
    def store(self):
        return self._state / "massgen-plugins" / "quota.sqlite3"
