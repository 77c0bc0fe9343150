"""Names of all metrics, following Prometheus conventions: base units, ``_total`` for counters."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CALL_LABELS", "COUNTERS", "GAUGES", "HISTOGRAM", "LIMIT_LABELS", "POOL_LABELS", "WAIT_BOUNDS"]

POOL_LABELS = ("provider", "account", "model")
"""Runs, agents and requests are no labels: their number is unbounded."""

LIMIT_LABELS = (*POOL_LABELS, "limit", "window")
CALL_LABELS = (*POOL_LABELS, "outcome")

GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "massgen_rl_limit": ("The amount of a limit that is in force.", LIMIT_LABELS),
    "massgen_rl_used": ("What counts against a limit now.", LIMIT_LABELS),
    "massgen_rl_remaining": ("What is left of a limit now.", LIMIT_LABELS),
    "massgen_rl_reset_seconds": ("Seconds until all of a limit is free again.", LIMIT_LABELS),
    "massgen_rl_waiting": ("Calls that wait now, of all processes.", POOL_LABELS),
    "massgen_rl_next_slot_seconds": ("Seconds until the next of the waiting calls leaves.", POOL_LABELS),
    "massgen_rl_in_flight": ("Calls that are under way, where a limit counts them.", POOL_LABELS),
    "massgen_rl_penalty_seconds": ("Seconds for which no call is sent, after a refusal.", POOL_LABELS),
    "massgen_rl_paused": ("Whether a person has paused the pool.", POOL_LABELS),
    "massgen_rl_processes": ("Processes with limited agents that run on this machine now.", ()),
    "massgen_rl_store_up": ("Whether the store of quotas could be read.", ()),
}
"""Help text and labels by name."""

COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "massgen_rl_calls": ("Attempts that are over, and calls that were turned away.", CALL_LABELS),
    "massgen_rl_tokens": ("Tokens that answers took, as providers report them.", (*POOL_LABELS, "type")),
    "massgen_rl_cost_dollars": ("What calls cost, as far as it is known.", POOL_LABELS),
    "massgen_rl_unpriced_calls": ("Calls whose cost is not known.", POOL_LABELS),
}
"""Help text and labels by name, without ``_total``. They restart at midnight UTC."""

HISTOGRAM = ("massgen_rl_wait_seconds", "How long calls were held before they left.", POOL_LABELS)

WAIT_BOUNDS = (0.05, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0)
"""Upper bounds of the histogram's buckets, in seconds; the last bucket is unbounded."""
