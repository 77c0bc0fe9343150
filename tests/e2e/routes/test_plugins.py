"""Third parties' packages in a real run: one that works and one that does not."""

from __future__ import annotations

import os

import pytest
from evidence import assert_all_admitted
from harness import Team
from overlay import EXAMPLE, install, write_broken_plugin

pytestmark = pytest.mark.e2e


def test_a_third_partys_middleware_sees_every_call_and_a_broken_one_harms_nobody(user, server, tmp_path):
    broken = write_broken_plugin(tmp_path / "broken-source", "import nothing_of_this_name")
    sites = [install(EXAMPLE, tmp_path / "site"), install(broken, tmp_path / "broken-site")]
    tally = tmp_path / "tally.txt"
    user.environment["PYTHONPATH"] = os.pathsep.join(map(str, sites))
    user.environment["ACME_TALLY"] = str(tally)

    result = user.run(Team.of(2))

    assert result.exit_code == 0
    requests = assert_all_admitted(user, server)
    lines = tally.read_text(encoding="utf-8").splitlines()
    assert {line for line in lines if line.startswith("agent ")} == {
        "agent a0 gemini gemini-2.5-flash",
        "agent a1 gemini gemini-2.5-flash",
    }
    assert len([line for line in lines if line.startswith("before a")]) == requests
    assert len([line for line in lines if line.startswith("after a") and line.endswith(" 200")]) == requests
    reported = {record.input_tokens for record in server.report().requests}
    assert {int(line.split()[-1]) for line in lines if line.startswith("usage ")} == reported
    said = "The plugin broken (broken_plugin) could not be loaded and is left out"
    assert result.log.count(said) == 1


def test_a_blocked_plugin_is_not_there(user, server, tmp_path):
    user.environment["PYTHONPATH"] = str(install(EXAMPLE, tmp_path / "site"))
    user.environment["ACME_TALLY"] = str(tmp_path / "tally.txt")
    user.environment["MASSGEN_PLUGINS_BLOCK"] = "acme"
    assert user.run(Team.of(1)).exit_code == 0
    assert_all_admitted(user, server)
    assert not (tmp_path / "tally.txt").exists()
