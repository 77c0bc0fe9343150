"""A stand-in for MassGen that is imported in no time: its modules and seams by name, and a command."""

from __future__ import annotations

import textwrap
import zipfile
from collections.abc import Mapping
from pathlib import Path

MODULES = {
    "massgen/__init__.py": "",
    "massgen/cli/__init__.py": """
        from .backends import create_agents_from_config, create_backend

        def cli_main():
            print("attached" if hasattr(create_agents_from_config, "__wrapped__") else "alone")
    """,
    "massgen/cli/backends.py": """
        def create_agents_from_config(config, orchestrator_config=None, enable_rate_limit=False):
            return {}

        def create_backend(backend_type, **kwargs):
            return backend_type
    """,
    "massgen/subagent/__init__.py": "",
    "massgen/subagent/manager.py": """
        class SubagentManager:
            def _generate_subagent_yaml_config(self):
                return {}
    """,
}

_INFO = "massgen-0.1.97.dist-info"


def write_folder(folder: Path, changed: Mapping[str, str]) -> Path:
    """Write it into a folder for ``sys.path``; ``changed`` replaces files."""
    for name, text in {**MODULES, **changed}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    return folder


def write_wheel(folder: Path) -> Path:
    """Write it as a wheel."""
    wheel = folder / "massgen-0.1.97-py3-none-any.whl"
    files = {name: textwrap.dedent(text) for name, text in MODULES.items()} | {
        f"{_INFO}/METADATA": "Metadata-Version: 2.1\nName: massgen\nVersion: 0.1.97\n",
        f"{_INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{_INFO}/entry_points.txt": "[console_scripts]\nmassgen = massgen.cli:cli_main\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{_INFO}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in (files | {f"{_INFO}/RECORD": record}).items():
            archive.writestr(name, text)
    return wheel
