"""Maps hosts to providers; a single table, so that no two providers claim the same host."""

from __future__ import annotations

from functools import lru_cache

from massgen_plugins.providers.anthropic.models import ANTHROPIC_HOSTS
from massgen_plugins.providers.chat.hosts import HOSTS
from massgen_plugins.providers.gemini.urls import is_openai_base, is_openai_path
from massgen_plugins.providers.openai.host import OPENAI
from massgen_plugins.providers.urls import Place

__all__ = ["owner_of"]

_GEMINI_HOSTS = ("generativelanguage.googleapis.com", "aiplatform.googleapis.com")
_OWNERS: dict[str, str] = {
    **{name: host.name for host in (OPENAI, *HOSTS) for name in host.hosts},
    **dict.fromkeys(ANTHROPIC_HOSTS, "anthropic"),
    **dict.fromkeys(_GEMINI_HOSTS, "gemini"),
}
_DOMAINS = {name: owner for name, owner in _OWNERS.items() if name.startswith(".")}
_SUFFIX = "-aiplatform.googleapis.com"


@lru_cache(maxsize=256)
def owner_of(place: Place) -> str | None:
    """Name of the provider that a URL's host belongs to; None if unknown."""
    if is_openai_base(place) or is_openai_path(place):  # a proxy keeps Gemini's path
        return "gemini"
    for name in place.names:
        owner = _OWNERS.get(name)
        if owner is not None:
            return owner
        if name.endswith(_SUFFIX):
            return "gemini"
        for domain, each in _DOMAINS.items():
            if name.endswith(domain):
                return each
    return None
