"""The names and versions that domains have in a store."""

from __future__ import annotations

import re
import secrets

from massgen_plugins.quota import Domain

__all__ = ["domain_name", "first_version", "read_domain_name", "same_domain"]

_VERSIONS = 1 << 24
"""Versions of one domain, from its beginning to its loss. The first one is a random multiple of it, so that
nobody takes a domain that was lost and begun anew for the one that it knows."""


def domain_name(domain: Domain) -> str:
    """The name of a domain: its parts, separated by tabs."""
    return "\t".join(part.replace("\\", "\\\\").replace("\t", "\\t") for part in domain)


def read_domain_name(name: str) -> Domain | None:
    """The domain of a name in a store; None if it is no such name."""
    parts = [re.sub(r"\\(.)", _unescaped, part) for part in name.split("\t")]
    return Domain(*parts) if len(parts) == 3 else None


def _unescaped(found: re.Match[str]) -> str:
    return "\t" if found[1] == "t" else found[1]


def first_version() -> int:
    """The version of a domain that is begun."""
    return _VERSIONS * (1 + secrets.randbelow(1 << 28))


def same_domain(version: int, other: int) -> bool:
    """Whether two versions are of one domain, and not of one that was lost and begun anew."""
    return version // _VERSIONS == other // _VERSIONS
