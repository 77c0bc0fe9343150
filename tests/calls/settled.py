"""Events of calls that are over, as the observer makes them, and the prices that hold for them."""

from __future__ import annotations

import time

from massgen_plugins.events import CallSettled
from massgen_plugins.quota import Domain, Pool

GEMINI = Domain("gemini", "mine")
OPENAI = Domain("openai", "sk-fingerprint", "proxy.example")
BLOCK = {
    "profile": {"openai": "own"},
    "define": [
        {
            "provider": "openai",
            "profiles": {
                "own": {
                    "date": "2026-11-30",
                    "prices": {"gpt-5.4": {"input": 2.5, "cached": 0.25, "output": 15}},
                }
            },
        }
    ],
}


def settled(domain=OPENAI, model="gpt-5.4", **changes):
    """An answered call; ``changes`` are fields of the event."""
    fields = {
        "pool": Pool(domain, model),
        "agent_id": "a0",
        "run": "20261130-100000-1",
        "call": 1,
        "attempt": 1,
        "model": model,
        "requested_model": model,
        "admitted": time.time(),
        "waited": 0.5,
        "seconds": 2.0,
        "status": 200,
        "outcome": "answered",
        "amounts": {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100},
        "raw": {"prompt_tokens": 1000, "completion_tokens": 100, "cached_tokens": 400},
    }
    return CallSettled(**{**fields, **changes})
