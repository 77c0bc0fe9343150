"""All profiles on this machine: for each name, the strongest."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from massgen_plugins.profiles.document import Place, shown, suggestion, wrong
from massgen_plugins.profiles.places import ConventionsOf, any_provider
from massgen_plugins.profiles.profile import Profile, ProfileFile, profiles_of
from massgen_plugins.profiles.safe_files import stamp, yaml_files
from massgen_plugins.profiles.strict_yaml import load_yaml
from massgen_plugins.profiles.validation import checked

__all__ = ["Catalog", "find_profiles", "profiles_in"]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Profiles to choose from.

    Attributes:
        profiles: With unique names, strongest first.
    """

    profiles: tuple[Profile, ...]

    def named(self, name: str, place: Place) -> Profile:
        """The profile of that name.

        Raises:
            ConfigurationError: There is none; the message suggests one.
        """
        for profile in self.profiles:
            if profile.name == name:
                return profile
        known = suggestion(name, (profile.name for profile in self.profiles))
        raise wrong(place, f"there is no such profile: {shown(name)}; {known}")

    def providers(self) -> list[str]:
        """Names of the providers with profiles."""
        return sorted({profile.provider for profile in self.profiles})

    def default_of(self, provider: str, off: Collection[str] = ()) -> Profile | None:
        """The strongest default profile of a provider that is not disabled."""
        for profile in self.profiles:
            if profile.default and profile.provider == provider and profile.name not in off:
                return profile
        return None


def find_profiles(
    directories: Iterable[Path], defined: Iterable[Profile] = (), conventions: ConventionsOf = any_provider
) -> Catalog:
    """Read every profile.

    Args:
        directories: Strongest first; missing ones are ignored.
        defined: Profiles defined in settings; they take precedence over those in directories.
        conventions: Returns the counting conventions of providers.

    Raises:
        ConfigurationError: A file is not a profile file, or a directory has two profiles of the same name.
    """
    found = [*defined]
    for directory in directories:
        found += profiles_in(directory, conventions)
    chosen: dict[str, Profile] = {}
    for profile in found:
        chosen.setdefault(profile.name, profile)
    return Catalog(tuple(chosen.values()))


@lru_cache(maxsize=500)
def _file(path: Path, seen: object) -> ProfileFile:  # noqa: ARG001 - part of the cache key
    """A validated file, cached: parsing all files takes 0.1 s, too long for an event loop after each edit."""
    return checked(ProfileFile, load_yaml(path))


def profiles_in(directory: Path, conventions: ConventionsOf = any_provider) -> list[Profile]:
    """The profiles of one directory, which must have unique names and one default per provider."""
    found: dict[str, Profile] = {}
    defaults: dict[str, Profile] = {}
    for path in yaml_files(directory):
        for profile in profiles_of(_file(path, stamp(path)), str(path), conventions):
            place = Place(str(path), ("profiles", profile.name))
            if other := found.get(profile.name):
                raise wrong(place, f"a profile of this name is also in {other.origin}; rename one")
            if profile.default and (other := defaults.get(profile.provider)):
                raise wrong(place, f"'{other.name}' in {other.origin} is the default too; keep one")
            found[profile.name] = profile
            if profile.default:
                defaults[profile.provider] = profile
    return list(found.values())
