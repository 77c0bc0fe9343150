"""Loads settings from all layers, and reloads them when a source changes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.allowed import check_store, users_record
from massgen_plugins.profiles.document import document_of
from massgen_plugins.profiles.layers import BLOCK, Layer, read_layer
from massgen_plugins.profiles.merging import merge, merged_budget
from massgen_plugins.profiles.places import ConventionsOf, Places, any_provider, exists, find_places
from massgen_plugins.profiles.profile import profiles_of
from massgen_plugins.profiles.safe_files import stamp, yaml_files
from massgen_plugins.profiles.search import Catalog, find_profiles
from massgen_plugins.profiles.settings import Settings
from massgen_plugins.profiles.steering import NO_STEERING, read_steering, unread
from massgen_plugins.profiles.strict_yaml import load_yaml

__all__ = ["SettingsSource", "files_of", "layers_of", "load_settings", "read_catalog", "read_settings"]


def load_settings(host_yaml: Mapping[str, Any] | None, **options: Any) -> Settings:
    """Read and merge all settings once; arguments and errors as for :class:`SettingsSource`."""
    return SettingsSource(host_yaml, **options).settings


def read_settings(places: Places, run: Layer | None = None) -> Settings:
    """Read and merge the layers at these locations under a run's own, and the temporary limits."""
    settings = _merged(places, run)
    try:
        return replace(settings, steering=read_steering(places.steering_file))
    except ConfigurationError as error:  # a damaged steering file must not affect anything else
        return replace(settings, notes=(*settings.notes, unread(error)))


def _merged(places: Places, run: Layer | None) -> Settings:
    layers = layers_of(places, run)
    check_store(layers, lambda: _own(places), places.user_file)
    record = users_record(layers, lambda: _own(places))
    settings = merge(layers, _catalog(places, layers), places, record)
    return settings if all(layer.block.inherit for layer in layers) else _within_own(settings, layers, places)


def _within_own(settings: Settings, layers: Sequence[Layer], places: Places) -> Settings:
    """Apply the user's own budget, which holds even without inheritance."""
    try:
        own = _own(places)
    except ConfigurationError as error:
        unread = f"Your own settings are not inherited, nor could their budget be read: {error}"
        return replace(settings, notes=(*settings.notes, unread))
    return replace(settings, budget=merged_budget(layers, own))


def files_of(places: Places) -> list[Path]:
    """All files and directories of settings and profiles, existing or not."""
    files = [path for path in (places.project_file, places.user_file, places.steering_file) if path]
    for directory in places.profile_dirs():
        files += [directory, *yaml_files(directory)]
    return files


def read_catalog(places: Places) -> Catalog:
    """Read all profiles at these locations, including those defined in settings files."""
    return _catalog(places, layers_of(places, None))


def layers_of(places: Places, run: Layer | None) -> list[Layer]:
    """The layers, strongest first: the run's own, the project's, the user's.

    Raises:
        ConfigurationError: One of them is invalid.
    """
    layers = [run] if run else []
    for role, path in (("project", places.project_file), ("user", places.user_file)):
        if path and exists(path) and all(layer.block.inherit for layer in layers):
            layers.append(read_layer(load_yaml(path), role))
    return layers


def _own(places: Places) -> Layer | None:
    """The user's layer, inherited or not."""
    path = places.user_file
    return read_layer(load_yaml(path), "user") if path and exists(path) else None


def _catalog(places: Places, layers: Sequence[Layer]) -> Catalog:
    inherit = all(layer.block.inherit for layer in layers)
    defined = [
        profile
        for layer in layers
        for file in layer.block.define
        for profile in profiles_of(file, layer.document.source, places.conventions)
    ]
    return find_profiles(places.profile_dirs(inherit=inherit), defined, places.conventions)


def _run_layer(host_yaml: Mapping[str, Any] | None, config_path: str | None) -> Layer | None:
    if not host_yaml or BLOCK not in host_yaml:
        return None
    source = config_path or "the MassGen configuration"
    return read_layer(document_of(host_yaml[BLOCK], source, (BLOCK,)), "run")


class SettingsSource:
    """Reloadable settings, which keep the last valid state.

    Args:
        host_yaml: The parsed MassGen configuration; its ``rate_limit:`` is the strongest layer.
        config_path: Its file, for error messages.
        cwd: Directory of the project; None for the working directory.
        extra_profile_dirs: Profile directories of plugins, strongest first.
        conventions: Returns a provider's counting conventions, by its name; profiles override them.

    Attributes:
        settings: The last valid settings.

    Raises:
        ConfigurationError: One of the sources is invalid; the message names the location and the fix.
    """

    def __init__(
        self,
        host_yaml: Mapping[str, Any] | None,
        *,
        config_path: str | None = None,
        cwd: Path | None = None,
        extra_profile_dirs: Sequence[Path] = (),
        conventions: ConventionsOf | None = None,
    ) -> None:
        self._places = find_places(
            cwd=cwd, extra_profile_dirs=extra_profile_dirs, conventions=conventions or any_provider
        )
        self._run = _run_layer(host_yaml, config_path)
        self._complaint = ""
        self._seen = self._look()
        self.settings = _merged(self._places, self._run)
        self._steering, self._ends = NO_STEERING, NO_STEERING.next_end
        with suppress(ConfigurationError):  # a damaged steering file must not prevent the start
            self._steer()

    def changed(self) -> bool:
        """Whether a file was created, deleted or written since the last reload, or a temporary limit ended.

        Costs a few ``stat`` calls and no parsing; fine to call every second.
        """
        return self._ends <= time.time() or any(stamp(path) != seen for path, seen in self._seen.items())

    def reload(self) -> Settings:
        """Reload everything.

        Returns:
            The new settings; the last valid ones if the error has already been raised.

        Raises:
            ConfigurationError: A source has become invalid. Raised once per message; :attr:`settings` stays
                unchanged.
        """
        # Before reading, so that an edit in between is detected as a change.
        self._seen = self._look()
        try:
            self.settings = replace(_merged(self._places, self._run), steering=self._steering)
            self._steer()
        except ConfigurationError as error:
            if str(error) == self._complaint:
                return self.settings
            self._complaint = str(error)
            raise
        self._complaint = ""
        return self.settings

    def _steer(self) -> None:
        """Apply the temporary limits; if their file is damaged, keep the previous ones until they end."""
        self._steering = self._steering.at(time.time())
        try:
            self._steering = read_steering(self._places.steering_file)
        finally:
            self._ends = self._steering.next_end
            self.settings = replace(self.settings, steering=self._steering)

    def _look(self) -> dict[Path, tuple[int, ...] | None]:
        return {path: stamp(path) for path in files_of(self._places)}
