"""Names and versions of domains in a store."""

from __future__ import annotations

import re
import secrets

from massgen_plugins.quota import Domain

__all__ = ["domain_name", "first_version", "read_domain_name", "same_domain"]

_VERSIONS = 1 << 24
"""Versions of one incarnation of a domain. The first is a random multiple of this, so that a domain that was
lost and created again is not taken for the old one."""


def domain_name(domain: Domain) -> str:
    """The name of a domain: its parts, separated by tabs."""
    return "\t".join(part.replace("\\", "\\\\").replace("\t", "\\t") for part in domain)


def read_domain_name(name: str) -> Domain | None:
    """The domain of a name in a store; None if invalid."""
    parts = [re.sub(r"\\(.)", _unescaped, part) for part in name.split("\t")]
    return Domain(*parts) if len(parts) == 3 else None


def _unescaped(found: re.Match[str]) -> str:
    return "\t" if found[1] == "t" else found[1]


def first_version() -> int:
    """The first version of a new domain."""
    return _VERSIONS * (1 + secrets.randbelow(1 << 28))


def same_domain(version: int, other: int) -> bool:
    """Whether two versions belong to the same incarnation of a domain."""
    return version // _VERSIONS == other // _VERSIONS
