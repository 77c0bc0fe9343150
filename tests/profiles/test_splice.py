"""A value is taken out of a YAML text, and everything else stays as it was laid out."""

from __future__ import annotations

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.splice import put, take

BLOCK = """\
# head
account: me  # whose
models:
  # the fast one
  flash:
    rpm: 5  # slow
    tpm: 7
  pro: {rpm: 1, tpm: 2, rpd: 3}
store: memory
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("models", "flash", "rpm"), "    rpm: 5  # slow\n"),
        (("models", "flash", "tpm"), "    tpm: 7\n"),
        (("account",), "account: me  # whose\n"),
        (("store",), "store: memory\n"),
        (("models", "pro"), "  pro: {rpm: 1, tpm: 2, rpd: 3}\n"),
        (("models", "pro", "rpm"), "rpm: 1, "),
        (("models", "pro", "tpm"), "tpm: 2, "),
        (("models", "pro", "rpd"), ", rpd: 3"),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_only_the_value_goes(path, line) -> None:
    assert take(BLOCK, path, "a file") == BLOCK.replace(line, "")


def test_a_mapping_that_is_empty_by_it_goes_too() -> None:
    text = "a: 1\nmodels:\n  flash:\n    rpm: 5\n"
    assert take(text, ("models", "flash", "rpm"), "a file") == "a: 1\n"


def test_a_last_line_without_an_end_is_one() -> None:
    assert take("a: 1\nb: 2", ("b",), "a file") == "a: 1\n"


def test_what_was_put_can_be_taken() -> None:
    text = put(BLOCK, ("models", "new"), {"rpm": 3}, "a file")
    assert take(text, ("models", "new"), "a file") == BLOCK


def test_a_layout_that_cannot_be_cut_safely_is_left_alone() -> None:
    with pytest.raises(ConfigurationError, match="by hand"):
        take("a: |\n  text\nb: 2\n", ("a",), "a file")
