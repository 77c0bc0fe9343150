"""One module for each page; :data:`PAGES` says which file each writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from website.generate.pages import (
    backends,
    command_line,
    environment,
    limits_commands,
    limits_events,
    limits_hooks,
    limits_profiles,
    model_prices,
    plugin_api,
    run_files,
    shipped_examples,
    versions,
    yaml_keys,
)

__all__ = ["PAGES"]

PAGES: Mapping[str, Callable[[], str]] = {
    "backends/all-backends.mdx": backends.render,
    "reference/cli.mdx": command_line.render,
    "reference/yaml-keys.mdx": yaml_keys.render,
    "configure/shipped-examples.mdx": shipped_examples.render,
    "reference/files-and-exit-codes.mdx": run_files.render,
    "limits/profiles.mdx": limits_profiles.render,
    "limits/model-prices.mdx": model_prices.render,
    "limits/commands.mdx": limits_commands.render,
    "limits/events-and-metrics.mdx": limits_events.render,
    "limits/hooks.mdx": limits_hooks.render,
    "reference/plugin-api.mdx": plugin_api.render,
    "reference/versions.mdx": versions.render,
    "keys/environment-variables.mdx": environment.render,
}
"""Path below ``website/docs`` to the function that makes the page."""
