"""The proof of ``massgen-rl init``: three calls of the real MassGen's agent, limited by the real package."""

from __future__ import annotations

import pytest

from massgen_plugins.demo.proof import prove


@pytest.mark.e2e
def test_three_calls_are_limited_and_none_is_refused() -> None:
    proof = prove()
    # They are made at once: had none been held back, the sandbox would have refused one.
    assert (proof.served, proof.refused) == (3, 0)
    assert proof.limited
