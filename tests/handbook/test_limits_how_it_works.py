"""The numbers on /limits/how-it-works and /limits/choosing-a-tier are those of the code."""

from __future__ import annotations

import re

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.profiles.settings import Settings
from massgen_plugins.quota import DAY, MINUTE, NANOSECONDS, Kind, Scope, Sliding, margin_of
from massgen_plugins.rate_limit import ledger
from massgen_plugins.rate_limit.decision import Blocker, Reason
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.messages import describe_wait, learned_message
from website.generate.reading.plugin import shipped_profiles

from .limits_pages import text_of

FLASH = Scope("gemini", "my-project", "gemini-2.5-flash")
PROFILES = {profile.name: profile for profile in shipped_profiles()}


@pytest.mark.parametrize(
    ("window", "milliseconds"), [(MINUTE, 2000), (DAY, 2000), (Sliding(NANOSECONDS), 150)]
)
def test_the_margin_is_two_seconds_and_less_for_short_windows(window, milliseconds):
    assert margin_of(window) == milliseconds * 1_000_000


def test_a_call_that_shares_its_step_ages_out_an_eighth_of_a_second_late_at_most():
    step = 1 << (MINUTE.length // ledger._MOST_STEPS).bit_length()
    assert ledger._MOST_STEPS == 500
    assert step / NANOSECONDS == pytest.approx(0.134, abs=0.01)


def test_a_call_waits_at_most_for_fifteen_minutes_unless_told_otherwise():
    assert Settings({}).max_wait == 900
    assert Settings({}).wait_for_day is False
    assert Settings({}).cooldown_mode == "probe"


def test_a_door_that_nothing_opens_is_closed_for_a_minute():
    lessons = Lessons()
    moment = ledger.Moment(tick=1_000, wall=1_700_000_000 * NANOSECONDS)
    lessons.refused(Refusal(RefusalKind.PERMANENT, advice="No."), 500, moment, "UTC", (), 0.5)
    assert lessons.closed == moment.tick + 60 * NANOSECONDS


def test_overload_halves_the_calls_and_they_grow_back_within_a_minute():
    lessons = Lessons()
    moment = ledger.Moment(tick=1_000, wall=1_700_000_000 * NANOSECONDS)
    lessons.refused(Refusal(RefusalKind.OVERLOAD), 500, moment, "UTC", (), 0.5)
    assert lessons.share == 500
    assert lessons.share_at(moment.tick + 60 * NANOSECONDS) == 1000


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
    named = set(re.findall(r"`(gemini-(?:seed|free|tier\d))`", text_of("choosing-a-tier")))
    assert named == set(PROFILES)


def test_the_sentence_about_a_learned_limit_is_the_real_one():
    refusal = Refusal(RefusalKind.MINUTE, limits=(StatedLimit(Kind.REQUESTS, per_day=False, amount=5),))
    assert learned_message(FLASH, refusal) in text_of("choosing-a-tier")


def test_the_sentence_about_a_wait_is_the_real_one():
    limit = next(
        limit
        for limit in Settings({"gemini": _use("gemini-seed")}).rules("gemini", FLASH.model).limits
        if limit.kind is Kind.REQUESTS and limit.window == MINUTE
    )
    sentence = describe_wait(FLASH, Blocker(Reason.LIMIT, wake=0, limit=limit), 59, 0)
    assert f"{sentence} (analyst)" in text_of("events-and-metrics")


def _use(name):
    from massgen_plugins.profiles.settings import InUse

    return InUse(PROFILES[name], "default")
