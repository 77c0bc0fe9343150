"""S6: the account of a key is derived from it alone: a store that is lost takes nothing along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from massgen_plugins.host.accounts import fingerprint
from tests.rate_limit.stores.redis.server import RedisServer

from .bed import LIMIT, bed, limits
from .server import CountingServer

KEY = "AIza-made-up"


def test_it_is_the_same_in_every_process_and_does_not_show_the_key() -> None:
    code = f"from massgen_plugins.host.accounts import fingerprint; print(fingerprint({KEY!r}))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == fingerprint(KEY)
    assert len(fingerprint(KEY)) == 12
    assert len({fingerprint(key) for key in (KEY, KEY + "x", "", "\udcff")}) == 4


def test_old_and_new_processes_share_after_the_server_has_lost_everything(
    server: CountingServer, tmp_path: Path
) -> None:
    redis = RedisServer(tmp_path).start()
    try:
        with bed(server, limits(redis.url)) as old:
            old.calls(2)
            old.close()  # so that it does not write by itself before the look below
            redis.stop()
            redis.start()
            with redis.client() as client:
                assert not client.keys("*")
            old.calls(1)
            old.close()
            with redis.client() as client:
                assert len(client.smembers("massgen-rl:domains")) == 1
        with bed(server, limits(redis.url)) as new:
            new.calls(4 * LIMIT)
        with redis.client() as client:
            assert len(client.smembers("massgen-rl:domains")) == 1
        assert server.arrived == LIMIT
    finally:
        redis.stop()
