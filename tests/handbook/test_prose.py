"""The words of the pages: their Markdown is clean, and they are spelt right."""

from __future__ import annotations

import shutil

import pytest

from .checks import tools
from .checks.places import WEBSITE

pytestmark = pytest.mark.site

CODESPELL = [
    "--skip=*.svg,*.cast,*.lock,package-lock.json,node_modules,build,.docusaurus,versioned_docs",
    "--ignore-words-list=temprature",  # the misspelt key of all our examples
]


def test_markdown_is_clean():
    tools.run("markdownlint-cli2", [], cwd=WEBSITE)


def test_words_are_in_a_dictionary_or_in_words_txt():
    tools.run("cspell", ["lint", "--config", "cspell.json", "--no-progress"], cwd=WEBSITE)


def test_no_known_misspelling_is_left():
    tools.run("codespell", [*CODESPELL, "docs", "src", "static/templates", "README.md"], cwd=WEBSITE)


@pytest.mark.parametrize(
    ("tool", "arguments", "page", "said"),
    [
        ("markdownlint-cli2", ["page.mdx"], "# A\n\n### B\n", "MD001"),
        ("cspell", ["lint", "--config", "cspell.json", "--no-progress", "page.mdx"], "Teh wrold\n", "wrold"),
        ("codespell", CODESPELL, "You recieve it.\n", "recieve"),
    ],
)
def test_each_of_them_can_fail(tmp_path, tool, arguments, page, said):
    (tmp_path / "page.mdx").write_text(page)
    for name in ("cspell.json", "words.txt", ".markdownlint-cli2.jsonc"):
        shutil.copy(WEBSITE / name, tmp_path / name)
    with pytest.raises(tools.ToolError, match=said):
        tools.run(tool, arguments, cwd=tmp_path)
