"""A temporary home directory for a MassGen run, isolated from the user's files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

__all__ = ["RECORD_VARIABLE", "Household"]

RECORD_VARIABLE = "MASSGEN_PLUGINS_DEMO_RECORD"
"""Environment variable that tells :mod:`massgen_plugins.demo.observer` where to write."""

_PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT")
"""Environment variables passed on to a run; in particular, no API key and no proxy."""

_NOBODY = "http://127.0.0.1:9"
_METADATA = "Metadata-Version: 2.1\nName: massgen-plugins-demo\nVersion: 0\n"
_ENTRY_POINT = "[massgen_plugins]\ndemo = massgen_plugins.demo.observer\n"


@dataclass(frozen=True, slots=True)
class Household:
    """The directories of a run.

    Attributes:
        root: The run's own directory, created by :meth:`furnish`.
    """

    root: Path

    @property
    def work(self) -> Path:
        """The working directory, which gets MassGen's logs and answers."""
        return self.root / "work"

    @property
    def record(self) -> Path:
        """The observer's record, as JSON lines."""
        return self.root / "record.jsonl"

    @property
    def config(self) -> Path:
        """The MassGen configuration."""
        return self.work / "team.yaml"

    @property
    def output(self) -> Path:
        """MassGen's standard output."""
        return self.root / "stdout.txt"

    @property
    def errors(self) -> Path:
        """MassGen's standard error."""
        return self.root / "stderr.txt"

    def furnish(self, config: str, rpm: Mapping[str, int]) -> None:
        """Write the configuration, the observer's registration, and limits by model if given."""
        self.work.mkdir(parents=True)
        self.config.write_text(config, encoding="utf-8")
        self.record.touch()
        registration = self._observers / "massgen_plugins_demo-0.dist-info"
        registration.mkdir(parents=True)
        (registration / "METADATA").write_text(_METADATA, encoding="utf-8")
        (registration / "entry_points.txt").write_text(_ENTRY_POINT, encoding="utf-8")
        if rpm:
            settings = self.work / ".massgen" / "rate_limit.yaml"
            settings.parent.mkdir()
            limits = {model: {"rpm": amount} for model, amount in rpm.items()}
            settings.write_text(yaml.safe_dump({"models": limits}), encoding="utf-8")

    def environment(self, provider: str) -> dict[str, str]:
        """The run's environment: its provider is the sandbox at this URL."""
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        paths = [str(self._observers), kept.get("PYTHONPATH", "")]
        return kept | {
            "HOME": str(self.root),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            RECORD_VARIABLE: str(self.record),
            "GOOGLE_GEMINI_BASE_URL": provider,
            "GEMINI_API_KEY": "sandbox",
            # Takes precedence over keys in .env files, which MassGen searches in all parent directories.
            "GOOGLE_API_KEY": "sandbox",
            "PYTHON_DOTENV_DISABLED": "1",
            # A dead proxy, since MassGen and litellm fetch price lists from the web.
            "HTTPS_PROXY": _NOBODY,
            "HTTP_PROXY": _NOBODY,
            "NO_PROXY": "127.0.0.1",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }

    @property
    def _observers(self) -> Path:
        return self.root / "plugins"
