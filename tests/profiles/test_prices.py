"""``prices`` of a profile and ``record`` of settings: what they mean, and every way to write them wrong."""

from __future__ import annotations

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.loading import load_settings


def load(tmp_path, **block):
    return load_settings({"rate_limit": {"store": str(tmp_path / "q.sqlite3"), **block}}, cwd=tmp_path)


def priced(tmp_path, prices):
    profile = {"fallback": "learned", "prices": prices}
    return load(tmp_path, define=[{"provider": "acme", "profiles": {"own": profile}}], profile="own")


def test_prices_of_the_profile_in_use_reach_whoever_has_the_settings(tmp_path):
    prices = {"m": {"input": 1.5, "output": 2, "above": {"tokens": 10, "input": 3}}}
    block = priced(tmp_path, prices).to_mapping()
    (document,) = [each for each in block["define"] if each["provider"] == "acme"]
    assert document["profiles"]["own"]["prices"] == prices
    assert load(tmp_path, **block).to_mapping()["define"] == block["define"]


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        (5, "prices': expected a mapping"),
        ({"m": 5}, "prices.m': expected a mapping"),
        ({"m": {}}, "the key 'input' is missing; write input and output"),
        ({"m": {"input": 1}}, "the key 'output' is missing"),
        ({"m": {"input": "1", "output": 2}}, "expected a number of US dollars per million tokens"),
        ({"m": {"input": -1, "output": 2}}, "from 0 to 1,000,000"),
        ({"m": {"input": float("nan"), "output": 2}}, "from 0 to 1,000,000"),
        ({"m": {"input": True, "output": 2}}, "from 0 to 1,000,000"),
        ({"m": {"input": 1, "output": 2, "cache": 1}}, "did you mean 'cached'"),
        ({"m": {"input": 1, "output": 2, "above": 5}}, "above': expected a mapping"),
        ({"m": {"input": 1, "output": 2, "above": {"input": 5}}}, "the key 'tokens' is missing"),
        ({"m": {"input": 1, "output": 2, "above": {"tokens": 5}}}, "there is no price beside tokens"),
        ({"m": {"input": 1, "output": 2, "above": {"tokens": 1.5, "input": 1}}}, "expected a whole number"),
        ({"": {"input": 1, "output": 2}}, "prices"),
    ],
)
def test_a_wrong_price_gets_its_sentence(tmp_path, prices, words):
    with pytest.raises(ConfigurationError) as failed:
        priced(tmp_path, prices)
    assert words in str(failed.value)
    assert "\n" not in str(failed.value)


@pytest.fixture
def mine(config_dir):
    """Writes the user's own settings."""

    def write(text):
        config_dir.mkdir(exist_ok=True)
        (config_dir / "rate_limit.yaml").write_text(text, "utf-8")

    return write


def test_the_record_stands_beside_the_users_own_store_unless_they_say_another_file(tmp_path, mine):
    mine(f"store: {tmp_path}/own/q.sqlite3\n")
    assert load(tmp_path).record.file == str(tmp_path / "own" / "calls.sqlite3")
    assert load(tmp_path, record=True).record.keep
    assert not load(tmp_path, record=False).record.keep
    mine(f"record: {{days: 5, file: {tmp_path}/mine}}\n")
    named = load(tmp_path).record
    assert (named.days, named.megabytes, named.file) == (5, 256, str(tmp_path / "mine"))


@pytest.mark.parametrize("store", ["memory", "sqlite", "/srv/team/q.sqlite3", "redis://127.0.0.1:1/0"])
def test_a_store_of_others_has_no_say_in_where_the_record_is(tmp_path, mine, store):
    mine("allow_stores: ['redis://127.0.0.1:1']\n")
    record = load(tmp_path, store=store).record
    assert record.file == str(tmp_path / "state" / "massgen-plugins" / "calls.sqlite3")


@pytest.mark.parametrize("inherit", [True, False])
def test_how_long_calls_are_kept_is_the_users_to_say_whatever_is_inherited(tmp_path, mine, inherit):
    mine("record: {days: 900, megabytes: 999}\n")
    record = load(tmp_path, record=True, inherit=inherit).record
    assert (record.keep, record.days, record.megabytes) == (True, 900, 999)


def test_nothing_is_removed_while_the_users_settings_cannot_be_read(tmp_path, mine):
    mine("record: [\n")
    assert load(tmp_path, inherit=False).record.days == 3_650


def test_nor_by_a_directory_of_settings_that_was_named_after_the_start(tmp_path, mine, monkeypatch):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "rate_limit.yaml").write_text(f"record: {{days: 1, file: {tmp_path}/theirs/calls}}\n", "utf-8")
    monkeypatch.setenv("MASSGEN_PLUGINS_CONFIG_DIR", str(theirs))
    record = load(tmp_path).record
    assert record.days == 3_650
    assert record.file == str(tmp_path / "state" / "massgen-plugins" / "calls.sqlite3")


@pytest.mark.parametrize(
    "record", [{"days": 1}, {"megabytes": 1}, {"file": "/tmp/calls"}, {"keep": True, "days": 9}]
)
@pytest.mark.parametrize("role", ["run", "project"])
def test_others_only_say_whether_calls_are_kept(tmp_path, project, record, role):
    if role == "project":
        (project / ".massgen").mkdir()
        (project / ".massgen" / "rate_limit.yaml").write_text(f"record: {record}\n", "utf-8")
    block = {"record": record} if role == "run" else {}
    with pytest.raises(ConfigurationError, match="in your own settings only"):
        load_settings({"rate_limit": block}, cwd=project)


def test_a_child_writes_into_its_parents_record(tmp_path, mine):
    mine(f"record: {{days: 5, file: {tmp_path}/mine}}\n")
    parent = load(tmp_path)
    assert load(tmp_path / "elsewhere", **parent.for_child("run1")).record == parent.record


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("yes", "record': expected true, false, or a mapping with days and megabytes"),
        (5, "record': expected true, false, or a mapping"),
        ({"days": 0}, "record.days': expected a whole number of days from 1 to 3,650"),
        ({"days": 1.5}, "expected a whole number of days"),
        ({"megabytes": "10"}, "expected a whole number of megabytes"),
        ({"file": "here"}, "record.file': write the path of a file that begins with / or ~/"),
        ({"file": ""}, "write the path of a file"),
        ({"day": 5}, "this key is unknown; did you mean 'days'"),
        ({"keep": "no"}, "expected true or false"),
    ],
)
def test_a_wrong_record_gets_its_sentence(tmp_path, record, words):
    with pytest.raises(ConfigurationError) as failed:
        load(tmp_path, record=record)
    assert words in str(failed.value)
