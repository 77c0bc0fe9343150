"""The numbers on /limits/how-it-works and /limits/choosing-a-tier are those of the code."""

from __future__ import annotations

import re

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.profiles.settings import Settings
from massgen_plugins.quota import DAY, MINUTE, NANOSECONDS, Domain, Kind, Pool, PoolRules, Sliding, margin_of
from massgen_plugins.rate_limit import rolling_windows, startup, tickets
from massgen_plugins.rate_limit.messages import describe_wait, learned_message
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.penalties import Penalties
from massgen_plugins.rate_limit.verdict import Blocker, Reason
from website.generate.reading.plugin import shipped_profiles

from .limits_pages import text_of

FLASH = Pool(Domain("gemini", "my-project"), "gemini-2.5-flash")
PROFILES = {profile.name: profile for profile in shipped_profiles()}
NOW = Moment(tick=1_000, wall=1_700_000_000 * NANOSECONDS)


@pytest.mark.parametrize(
    ("window", "milliseconds"), [(MINUTE, 2000), (DAY, 2000), (Sliding(NANOSECONDS), 150)]
)
def test_the_margin_is_two_seconds_and_less_for_short_windows(window, milliseconds):
    assert margin_of(window) == milliseconds * 1_000_000


def test_a_call_that_shares_its_step_ages_out_a_quarter_of_a_second_late_at_most():
    assert rolling_windows._STEPS == 250
    assert MINUTE.length / rolling_windows._STEPS <= 0.25 * NANOSECONDS


def test_leases_last_a_minute_fifteen_seconds_and_a_tenth_of_one():
    assert rolling_windows.LEASE == 60 * NANOSECONDS
    assert tickets.TICKET_LEASE == 15 * NANOSECONDS
    assert tickets.PATIENCE == NANOSECONDS // 10


def test_where_no_limit_is_known_the_first_call_is_alone_for_ten_seconds_at_most():
    assert startup.UNKNOWN_LIMIT_COOLDOWN == 10 * NANOSECONDS


def test_a_call_waits_at_most_for_fifteen_minutes_unless_told_otherwise():
    assert Settings({}).max_wait == 900
    assert Settings({}).wait_for_day is False
    assert Settings({}).cooldown_mode == "probe"


def test_a_pool_that_no_wait_opens_is_closed_for_a_minute():
    penalties = Penalties()
    penalties.refused(Refusal(RefusalKind.PERMANENT, advice="No."), 500, NOW, PoolRules(()), 0.5)
    assert penalties.closed == NOW.tick + 60 * NANOSECONDS


def test_overload_halves_the_calls_and_they_grow_back_within_a_minute():
    penalties = Penalties()
    penalties.refused(Refusal(RefusalKind.OVERLOAD), 500, NOW, PoolRules(()), 0.5)
    assert penalties.share == 500
    assert penalties.share_at(NOW.tick + 60 * NANOSECONDS) == 1000


def test_a_refusal_of_one_call_says_nothing_of_others():
    penalties = Penalties()
    penalties.refused(Refusal(RefusalKind.CALL, advice="Too large."), 500, NOW, PoolRules(()), 0.5)
    assert penalties == Penalties()


def test_geminis_day_begins_in_los_angeles_and_counts_input_tokens():
    conventions = PROFILES["gemini-seed"].conventions
    assert conventions.day_zone == "America/Los_Angeles"
    assert conventions.tpm_counts is Kind.INPUT_TOKENS


def test_cooldowns_of_the_seed_are_three_and_ten_seconds():
    models = PROFILES["gemini-seed"].models
    assert models["gemini-*-flash"]["cooldown"] == 3
    assert models["gemini-*-pro"]["cooldown"] == 10


def test_a_model_of_tomorrow_gets_its_familys_limits_and_lite_does_not():
    seed = PROFILES["gemini-seed"]
    assert seed.limits_for("gemini-4-flash-preview") == seed.limits_for("gemini-2.5-flash")
    assert seed.limits_for("gemini-2.5-flash-lite") == seed.fallback


def test_the_page_about_tiers_names_every_shipped_profile():
    page = text_of("choosing-a-tier")
    ranges = re.findall(r"`(\w+-tier)(\d)` to `\w+-tier(\d)`", page)
    between = {f"{name}{tier}" for name, first, last in ranges for tier in range(int(first), int(last) + 1)}
    assert {name for name in PROFILES if f"`{name}`" not in page} <= between


def test_the_sentence_about_a_learned_limit_is_the_real_one():
    refusal = Refusal(RefusalKind.WINDOW, limits=(StatedLimit(Kind.REQUESTS, MINUTE, amount=5),))
    assert learned_message(FLASH, refusal) in text_of("choosing-a-tier")


def test_the_sentence_about_a_wait_is_the_real_one():
    limit = next(
        limit
        for limit in Settings({"gemini": _use("gemini-seed")}).rules("gemini", FLASH.name).limits
        if limit.kind is Kind.REQUESTS and limit.window == MINUTE
    )
    sentence = describe_wait(FLASH, Blocker(Reason.LIMIT, FLASH.name, 0, limit), 59, 0)
    assert f"{sentence} (analyst)" in text_of("events-and-metrics")


def _use(name):
    from massgen_plugins.profiles.settings import InUse

    return InUse(PROFILES[name], "default")
