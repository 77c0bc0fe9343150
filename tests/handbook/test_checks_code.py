"""The checks of Python fences and data: each can fail, and says what is wrong."""

from __future__ import annotations

import pytest

from .checks.fences import fences_of


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ("python compile", "import massgen\nfrom massgen_plugins.errors import ConfigurationError"),
        ("python compile", "from massgen.backend import base\nimport somebody_elses"),
        ("python run", "import massgen\nassert massgen.__version__"),
        ('python raises="ImportError"', "from massgen import Agent"),
        ('python raises="ModuleNotFoundError"', "import massgen.schema_display"),
        ("json", '{"a": 1}'),
        ("json", '{"a": 1}\n{"a": 2}'),
        ("toml", "[a]\nb = 1"),
        ("ini", "GEMINI_API_KEY=..."),
        ("text", "{{{"),
    ],
)
def test_right_code_passes(said, info, code):
    assert said(info, code) == ""


@pytest.mark.parametrize(
    ("info", "code", "complaint"),
    [
        ("python compile", "x = (", "not Python"),
        ("python compile", "from massgen import Agent", "massgen.Agent cannot be imported"),
        ("python compile", "import massgen.backends", "massgen.backends cannot be imported"),
        ("python compile", "from massgen_plugins import nothing", "cannot be imported"),
        ("python run", "import massgen\nraise SystemExit(3)", "ended with 3"),
        ("python run", "raise ValueError('so')", "ValueError: so"),
        ('python raises="ImportError"', "import massgen", "does not raise ImportError"),
        ('python raises="ImportError"', "raise ValueError", "does not raise ImportError"),
        ("python raises", "raise ValueError", "no exception is named"),
        ("python", "x = 1", "no class"),
        ("json", "{a: 1}", "not JSON"),
        ("toml", "a = ", "not TOML"),
        ("ini", "[a\nb", "not an ini file"),
    ],
)
def test_wrong_code_is_refused_with_its_fault(said, info, code, complaint):
    assert complaint in said(info, code)


def test_fences_are_found_wherever_they_stand(tmp_path):
    text = """````mdx
```yaml
```
````
  - item
    ```bash check title="x y" {1,3}
    a
      b
    ```
~~~text
open"""
    found = fences_of(tmp_path, text.splitlines())
    assert [(fence.language, fence.line, fence.kind) for fence in found] == [
        ("mdx", 1, ""),
        ("bash", 6, "check"),
        ("text", 10, ""),
    ]
    assert found[0].code == "```yaml\n```\n"
    assert found[1].code == "a\n  b\n"
    assert found[1].words == {"check": "", "title": "x y"}
