"""All profiles of this machine: one of each name, the strongest."""

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
        profiles: No two of the same name, the strongest first.
    """

    profiles: tuple[Profile, ...]

    def named(self, name: str, place: Place) -> Profile:
        """The profile of that name.

        Raises:
            ConfigurationError: There is none; the sentence suggests one.
        """
        for profile in self.profiles:
            if profile.name == name:
                return profile
        known = suggestion(name, (profile.name for profile in self.profiles))
        raise wrong(place, f"no profile has the name given, {shown(name)}; {known}")

    def providers(self) -> list[str]:
        """Names of the providers for which there are profiles."""
        return sorted({profile.provider for profile in self.profiles})

    def default_of(self, provider: str, off: Collection[str] = ()) -> Profile | None:
        """The strongest default profile of a provider that is not switched off."""
        for profile in self.profiles:
            if profile.default and profile.provider == provider and profile.name not in off:
                return profile
        return None


def find_profiles(
    directories: Iterable[Path], defined: Iterable[Profile] = (), conventions: ConventionsOf = any_provider
) -> Catalog:
    """Read every profile.

    Args:
        directories: The strongest first; those that do not exist hold nothing.
        defined: Profiles that stand in settings: they are stronger than any in a directory.
        conventions: How providers count.

    Raises:
        ConfigurationError: A file is not a profile file, or a directory holds two profiles of one name.
    """
    found = [*defined]
    for directory in directories:
        found += profiles_in(directory, conventions)
    chosen: dict[str, Profile] = {}
    for profile in found:
        chosen.setdefault(profile.name, profile)
    return Catalog(tuple(chosen.values()))


@lru_cache(maxsize=500)
def _file(path: Path, seen: object) -> ProfileFile:  # noqa: ARG001 - a written file is another one
    """A checked file; all are 0.1 s of parsing, and an edit of one must not stop an event loop that long."""
    return checked(ProfileFile, load_yaml(path))


def profiles_in(directory: Path, conventions: ConventionsOf = any_provider) -> list[Profile]:
    """The profiles of one directory; in it names are unique, and so are defaults."""
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
