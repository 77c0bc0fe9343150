"""The checks of front matter, evidence, beginnings and policies: each can fail, and says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checks import evidence, front_matter, one_home, opening, policies, prose, source_text
from .checks.places import ROOT
from .checks.problem import report

GOOD = """---
title: A page
description: After reading this page you can tell a good page from a bad one by yourself.
kind: policy
owner: handbook
checked: 0.1.97
verified:
  - massgen/cli/env.py#load_dotenv
  - tests/handbook/test_pages.py
aliases: [/old]
---

Type the command. It takes a minute.

## Scope

## Rules

## Reason

## How it is checked

`tests/handbook/test_pages.py` and `make test`.

## Owner

## Exceptions
"""


def complaints(page, text):
    made = page(text)
    checks = (front_matter, evidence, opening, policies, source_text, one_home, prose)
    return report([problem for check in checks for problem in check.problems(made)])


def test_a_good_page_passes(page):
    assert complaints(page, GOOD) == ""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (GOOD[: GOOD.index("Type the")], "", "no front matter"),
        ("title: A page", "title: [", "is not YAML"),
        ("title: A page", "titel: A page", "`title`: a title is missing"),
        ("title: A page", "titel: A page", "`titel`: an unknown key"),
        ("title: A page", f"title: {'x' * 61}", "61 characters"),
        ("After reading", "x" * 100, "instead of 60 to 160"),
        ("by yourself.", "by yourself", "no full stop"),
        ("kind: policy", "kind: story", "`kind`: 'story'"),
        ("owner: handbook", "owner: bob", "`owner`: 'bob'"),
        ("checked: 0.1.97", "checked: 0.1", "is not a version"),
        ("checked: 0.1.97", "checked: 99.0.0", "newer than the installed"),
        ("[/old]", "[old]", "`aliases`: 'old'"),
        ("owner: handbook", "owner: handbook\nkeywords: 429", "`keywords`: a list"),
        ("#load_dotenv", "#load_nothing", "no longer says 'load_nothing'"),
        ("massgen/cli/env.py", "massgen/cli/none.py", "which is neither"),
        ("  - massgen/cli/env.py#load_dotenv\n  - tests/handbook/test_pages.py\n", "  []\n", "at least one"),
        (
            "Type the command.",
            "{/* verified: massgen/cli/env.py#gone */}\nType the command.",
            "says 'gone'",
        ),
        (
            "Type the command. It takes",
            "# A heading\n\nIt takes",
            "does not begin with a paragraph",
        ),
        (
            "Type the command. It takes",
            ":::note[x]\n\nIt takes",
            "does not begin with a paragraph",
        ),
        ("Type the command. It takes", "- It takes", "does not begin with a paragraph"),
        ("Type the command. ", "", "fewer than two sentences"),
        ("## Scope", "# Scope", "a second H1"),
        ("## Reason", "## Whatever", "without the section 'Reason'"),
        ("test_pages.py` and", "test_nothing.py` and", "'tests/handbook/test_nothing.py' does not exist"),
        ("`tests/handbook/test_pages.py` and `make test`.", "Somebody looks.", "no check is named"),
        ("It takes a minute.", f"It takes a minute. See {ROOT}/x.", "a path of the machine"),
        ("It takes a minute.", f"It takes a minute. See {Path.home()}/.massgen.", "a path of the machine"),
        ("It takes a minute.", "It takes <!-- --> a minute.", "an HTML comment"),
        ("It takes a minute.", "It takes a minute. TODO.", "an unfinished place"),
        ("It takes a minute.", "It takes AIzaSyA1234567890abcdefghijk.", "looks like an API key"),
        ("## Scope", ":::warning Careful\n:::", "without brackets"),
        ("## Scope", "## Scope {#scope}", "heading id"),
        ("## Scope", '<a href="/x">x</a>', "a raw link"),
        ("Type the command.", "After this page you can type it.", "could stand on every page"),
        ("Type the command.", "With this page you can type it.", "could stand on every page"),
        ("It takes a minute.", "It was tried in an empty home.", "vouches for itself"),
        ("It takes a minute.", "Keys belong into the environment.", "no English idiom"),
        ("It takes a minute.", "An agent of yours reads it.", "a foreign possessive"),
        ("It takes a minute.", "Every agent shall read it.", "a word of contracts"),
        ("It takes a minute.", "**Cure:** install it.", "a word for illnesses"),
        ("It takes a minute.", "It was mended.", "a word for clothes"),
        ("It takes a minute.", "The file lies below the log.", "files do not lie"),
        ("It takes a minute.", "The key stands in the file.", "text does not stand"),
        ("It takes a minute.", "A needle finds it.", "those who build the handbook"),
        ("It takes a minute.", "It simply works.", "praise or reassurance"),
        ("It takes a minute.", "It waits for ever.", "old spelling"),
        ("It takes a minute.", "Test with `test -s answer.txt`.", "another test for success"),
        ("It takes a minute.", "Look with `grep '^ANSWER_FILE:' run.txt`.", "another test for success"),
        ("It takes a minute.", 'Try `pip install "massgen==0.1.97"`.', "by pip, which fails"),
        (
            "It takes a minute.",
            "Install it in a checkout of this repository.",
            "for somebody who has the sources",
        ),
        ("## Scope", "| 4 | interrupted |\n\n## Scope", "another list of exit codes"),
        ("It takes a minute.", "`--no-logs` switches logs off.", "what --no-logs is called"),
        ("It takes a minute.", "For six agents, 12 of 26 were refused.", "a figure of the six agents"),
        ("It takes a minute.", "The same six agents made 18 requests.", "a figure of the six agents"),
    ],
)
def test_a_bad_page_is_refused_with_its_fault(page, old, new, complaint):
    assert old in GOOD
    assert complaint in complaints(page, GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    "said",
    [
        "Run `grep -q '^ANSWER:' run.txt`.",
        'Run `uv pip install "massgen==0.1.97"`, and `pip install "massgen[docker]"` for containers.',
        'The message says "a cure for ever", and `needle` is a word of code.',
        "For six agents, 12{/* =six-agents-one-key:off.refused */} were refused.",
    ],
)
def test_what_has_its_home_elsewhere_is_said_in_the_same_words(page, said):
    assert complaints(page, GOOD.replace("It takes a minute.", said)) == ""


def test_paths_that_only_look_like_the_machines_pass(page):
    text = f"It takes a minute. Files: ~/x{Path.home()}/y, docs{ROOT.parent}/z."
    assert complaints(page, GOOD.replace("It takes a minute.", text)) == ""


def test_what_stands_in_code_is_no_prose(page):
    assert complaints(page, GOOD.replace("## Owner", "```text\n# x {#id}\n:::note x\n```\n\n## Owner")) == ""
