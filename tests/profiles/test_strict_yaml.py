from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import document_of
from massgen_plugins.profiles.edit import validate
from massgen_plugins.profiles.layers import read_layer
from massgen_plugins.profiles.profile import read_profiles
from massgen_plugins.profiles.safe_files import MAX_BYTES
from massgen_plugins.profiles.splice import put
from massgen_plugins.profiles.strict_yaml import parse_yaml

HEAD = "provider: gemini\nprofiles:\n  mine:\n    models:\n"


def profile_error(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_profiles(parse_yaml(text, "f.yaml"))
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence[-1] in ".?"
    return sentence


@pytest.mark.parametrize(
    ("limits", "place", "words"),
    [
        ("{rmp: 9}", "line 5, column 11, key 'profiles.mine.models.m.rmp'", "did you mean 'rpm'?"),
        ("{rpm: '9'}", "line 5, column 11, key 'profiles.mine.models.m.rpm'", "found the text '9'"),
        ("{rpm: true}", "line 5, column 11", "found true"),
        ("{rpm: yes}", "line 5, column 11", "found true"),
        ("{rpm: -1}", "line 5, column 11", "0 to 1,000,000,000,000"),
        ("{rpm: 1.5}", "line 5, column 11", "a whole number"),
        ("{rpm: .nan}", "line 5, column 11", "found nan"),
        ("{rpm: .inf}", "line 5, column 11", "found inf"),
        ("{rpm: 1000000000001}", "line 5, column 11", "0 to 1,000,000,000,000"),
        (f"{{rpm: {'9' * 5000}}}", "line 5, column 11", "plain decimal number"),
        (f"{{rpm: {'9' * 400}}}", "line 5, column 11", "0 to 1,000,000,000,000, without quotes"),
        (f"{{cooldown: {'9' * 400}}}", "line 5, column 11", "found a huge number"),
        (f"{{usd_per_day: {'9' * 400}}}", "line 5, column 11", "found a huge number"),
        ("{rpm: 010}", "line 5, column 11", "plain decimal number"),
        ("{rpm: 1:30}", "line 5, column 11", "plain decimal number"),
        ("{rpm: 0x10}", "line 5, column 11", "plain decimal number"),
        ("{rpm: '240,000'}", "line 5, column 11", "without quotes or separators"),
        ("{rpm: }", "line 5, column 11", "found nothing"),
        ("{rpm: none}", "line 5, column 11", "found the text 'none'"),
        ("{rpm: [9]}", "line 5, column 11", "found a list"),
        ("{rpm: 9, tpm: 8, rpm: 7}", "line 5, column 27", "first on line 5"),
        ("{rpm: &a 9}", "line 5, column 16", "anchors"),
        ("{rpm: *a}", "line 5, column 16", "aliases"),
        ("{rpm: !!int 9}", "line 5, column 16", "tags"),
        ("{rpm: !!python/object/apply:os.system [ls]}", "line 5, column 16", "tags"),
        ("{<<: {rpm: 9}}", "line 5, column 11", "this key is unknown"),
        ("{2: 9}", "line 5, column 11", "quote it"),
        ("{? [a] : 9}", "line 5, column 13", "a key must be text"),
        ("{}", "line 5, column 7", "there is no limit here"),
        ("9", "line 5, column 7", "expected a mapping"),
        ("{cooldown: 3601}", "line 5, column 11", "seconds from 0 to 3,600"),
        ("{usd_per_day: .inf}", "line 5, column 11", "US dollars"),
        (
            "{limits: [{kind: requests, amount: 1}]}",
            "line 5, column 20, key 'profiles.mine.models.m.limits.[0]'",
            "'window' is missing",
        ),
        ("{limits: [{kind: cats, amount: 1, window: 60s}]}", "line 5, column 21", "one of requests"),
        ("{limits: [{kind: requests, amount: 1, window: 60}]}", "line 5, column 48", "a window such as 60s"),
        ("{limits: [{kind: requests, amount: 1, window: 0s}]}", "line 5, column 48", "a window such as 60s"),
        ("{limits: [{kind: requests, amount: 1, window: 745h}]}", "line 5, column 48", "31 days"),
        ("{limits: [{kind: requests, amount: 1, window: bucket:0s}]}", "line 5, column 48", "bucket:60s"),
        ("{limits: [{kind: requests, amount: 1, window: month@Mars}]}", "line 5, column 48", "not known"),
        ("{limits: [{kind: requests, amount: 1, window: year@UTC}]}", "line 5, column 48", "a window such"),
        (
            "{limits: [{kind: requests, amount: 1, window: held}]}",
            "line 5, column 48",
            "for the kind concurrent",
        ),
        ("{limits: [{kind: concurrent, amount: 1, window: 60s}]}", "line 5, column 50", "the window held"),
        ("{limits: [{kind: cost, amount: true, window: 60s}]}", "line 5, column 33", "US dollars"),
        ("{concurrent: 1.5}", "line 5, column 11", "a whole number"),
        (
            "{limits: [{kind: requests, amount: 1, window: day@Mars}]}",
            "line 5, column 48",
            "'Mars' is not known",
        ),
        (
            "{limits: [{kind: requests, amount: 1, window: day@../../etc/passwd}]}",
            "line 5, column 48",
            "not known",
        ),
    ],
)
def test_a_wrong_limit_is_named_with_its_place(limits: str, place: str, words: str) -> None:
    sentence = profile_error(f"{HEAD}      m: {limits}\n")
    assert sentence.startswith(f"f.yaml, {place}")
    assert words in sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a mapping"),
        ("[]", "expected a mapping"),
        ("provider: gemini\n", "'profiles' is missing"),
        ("profiles: {}\n", "'provider' is missing"),
        ("provider: Gemini\nprofiles: {}\n", "line 1, column 1, key 'provider': expected a name of a-z"),
        (
            "provider: gemini\nprofile: {}\n",
            "line 2, column 1, key 'profile': this key is unknown; did you mean",
        ),
        ("provider: gemini\nprofiles: {p: {}}\n", "the profile limits nothing"),
        ("provider: gemini\nprofiles: {p: {fallback: {rpm: 1}, default: 1}}\n", "expected true or false"),
        ("provider: gemini\nprofiles: {p: {fallback: {rpm: 1}, safety_margin: 1}}\n", "from 0 to below 1"),
        ("provider: gemini\nprofiles: {p: {fallback: {rpm: 1}, date: 2026-02-30}}\n", "YYYY-MM-DD"),
        ("provider: gemini\nprofiles: {p: {fallback: {rpm: 1}, date: 20260202}}\n", "YYYY-MM-DD"),
        ("provider: gemini\nprofiles: {p: {models: {'a*b': {rpm: 1}}}}\n", "a model's name such as"),
        ("provider: gemini\naliases: {a: 3}\nprofiles: {}\n", "line 2, column 11, key 'aliases.a'"),
        ("provider: x\nday_zone: Mars\nprofiles: {}\n", "line 2, column 1, key 'day_zone'"),
        ("provider: x\ntpm_counts: requests\nprofiles: {}\n", "one of input_tokens"),
        (
            "provider: x\nprofiles:\n"
            + "".join(f"  {name}: {{default: true, fallback: {{rpm: 1}}}}\n" for name in "ab"),
            "only one profile may be the default, not a and b",
        ),
        ("provider: x\nprofiles: {p: {window: fixed, fallback: {rpm: 1}}}\n", "one of bucket, sliding"),
        (
            "provider: x\nprofiles: {p: {fallback: leraned}}\n",
            "expected a mapping (key: value), found the text",
        ),
        ("provider: x\nprofiles: {p: {pools: {A: {rpm: 1}}}}\n", "a name of a-z, 0-9, dot, colon"),
        ("provider: x\nprofiles: {p: {pools: {a: {models: b, rpm: 1}}}}\n", "expected a list"),
        ("provider: x\nprofiles: {p: {pools: {'*account': {models: [b], rpm: 1}}}}\n", "remove its models"),
        ("provider: x\nprofiles: {p: {pools: {a: {models: [b]}}}}\n", "pools.a': there is no limit here"),
        (
            "provider: x\nprofiles: {p: {pools: {a: {models: ['b c'], rpm: 1}}}}\n",
            "models.[0]': expected a model's name",
        ),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: a second document"),
        ("a: [1\n", "this is not valid YAML"),
        ("a: \x00\n", "line 1, column 4: there is a control character"),
        ('a: "\\UFFFFFFFF"\n', "this is not valid YAML"),
        ('a: "\\uD800"\n', "half of a surrogate pair"),
        ("%YAML 1" + "1" * 5000 + ".2\n---\na: 1\n", "this is not valid YAML"),
        ("a: " + "[" * 200_000, "nested more than 20 levels"),
        ("a: " + "x" * 20_000, "longer than 10,000 characters"),
        (f"{'k' * 201}: 1\n", "at most 200 characters"),
        ("a: [" + "1," * 20_001 + "]", "more than 20,000 values"),
    ],
)
def test_a_wrong_file_is_one_sentence(text: str, words: str) -> None:
    assert words in profile_error(text)


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "line 1, column 4" in profile_error(bomb)


def test_an_api_key_in_the_wrong_place_is_not_repeated() -> None:
    key = "AIzaSy" + "x" * 33
    assert key[:10] not in profile_error(f"provider: {key}\nprofiles: {{}}\n")
    assert key[:10] not in profile_error(f"{key}: 1\n")


def test_no_part_of_a_sentence_repeats_a_key_or_moves_the_cursor() -> None:
    key = "AIzaSy" + "x" * 33
    assert key[:10] not in profile_error(f"provider: a\n? !{key}! b\n: 1\n")
    assert "\\x1b[31m" in profile_error('"\\e[31mred": 1\n')
    assert "\x1b" not in profile_error('"\\e[31mred": 1\n')


def test_numbers_may_be_grouped_by_underscores() -> None:
    assert parse_yaml("a: 240_000\nb: 1.5\nc: -3", "f").value == {"a": 240_000, "b": 1.5, "c": -3}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_bytes(b"a: 1\nb: \xff\n"), "line 2, column 4: the file is not UTF-8"),
        (lambda path: path.write_bytes(b"#" * (MAX_BYTES + 1)), "larger than 1,000,000 bytes"),
        (lambda path: path.mkdir(), "Is a directory"),
        (os.mkfifo, "not an ordinary file"),
        (lambda path: path.symlink_to(path), "cannot be read"),
        (lambda path: None, "cannot be read (No such file or directory)"),
    ],
    ids=["latin", "large", "directory", "pipe", "loop", "absent"],
)
def test_a_file_that_cannot_be_read_is_one_sentence(make, words: str, tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    make(path)
    with pytest.raises(ConfigurationError) as caught:
        validate(path)
    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfprovider: gemini\nprofiles: {p: {fallback: {rpm: 1}}}\n")
    assert [profile.name for profile in validate(path)] == ["p"]


YAMLISH = st.text(
    alphabet=st.sampled_from(list("ab:-[]{}&*!|>'\"#,?% \n\t0123456789._\\u~<=@`\x00\ud800é")), max_size=80
)
KEYS = st.sampled_from(
    [
        "provider",
        "profiles",
        "models",
        "fallback",
        "rpm",
        "limits",
        "profile",
        "disabled",
        "define",
        "store",
        "account",
        "max_wait",
        "cooldown_mode",
        "safety_margin",
        "inherit",
        "aliases",
        "x",
    ]
)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=4)
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.integers(), inner, max_size=4),
    max_leaves=12,
)


def only_configuration_errors(action) -> None:
    sentence = ""
    try:
        action()
    except ConfigurationError as error:
        sentence = str(error)
    assert "\n" not in sentence


@given(YAMLISH)
def test_hostile_text_raises_nothing_else(text: str) -> None:
    only_configuration_errors(lambda: read_profiles(parse_yaml(text, "f")))
    only_configuration_errors(lambda: read_layer(parse_yaml(text, "f"), "user"))


@given(JUNK)
def test_hostile_values_raise_nothing_else(value: object) -> None:
    only_configuration_errors(lambda: read_layer(document_of(value, "f"), "run"))
    only_configuration_errors(lambda: read_profiles(document_of(value, "f")))


@given(YAMLISH, st.sampled_from(["a", "b"]), st.integers() | st.lists(st.sampled_from(["x", "y"])))
def test_a_value_put_into_any_text_changes_nothing_else_or_is_refused(
    text: str, key: str, value: object
) -> None:
    try:
        before = parse_yaml(text, "f").value or {}
        after = parse_yaml(put(text, (key,), value, "f"), "f").value
    except ConfigurationError:
        return
    kept = before if isinstance(before, dict) else {}
    assert repr(after) == repr({**kept, key: value})
