"""Tokens of images, by each provider's published rule."""

from __future__ import annotations

import math

from massgen_plugins.providers.estimate import ImageRule

__all__ = ["anthropic_image", "flat_image", "openai_image"]

_UNKNOWN = 1_600
"""Tokens of an image of unknown size: that of the largest after scaling, at OpenAI and Anthropic."""


def flat_image(_size: tuple[int, int] | None) -> int:
    """An initial estimate for providers that publish no rule."""
    return _UNKNOWN


def anthropic_image(size: tuple[int, int] | None) -> int:
    """Width times height divided by 750, at most about 1,600 ("Vision", platform.claude.com, 2026)."""
    return _UNKNOWN if size is None else min(_UNKNOWN, math.ceil(size[0] * size[1] / 750))


def openai_image(model: str) -> ImageRule:
    """The rule for a model ("Images and vision", developers.openai.com, 2026).

    Small models count patches of 32 pixels with a factor; ``gpt-4o-mini`` counts tiles at a high price; for
    the others, the larger of tiles and patches is assumed.
    """
    if model.startswith("gpt-4o-mini"):
        return lambda size: _tiles(size, 2_833, 5_667)
    factor = (
        2.46 if "nano" in model else 1.72 if model.startswith("o4-mini") else 1.62 if "mini" in model else 1.0
    )
    if factor > 1:
        return lambda size: math.ceil(_patches(size) * factor)
    return lambda size: max(_tiles(size, 85, 170), _patches(size))


def _tiles(size: tuple[int, int] | None, base: int, tile: int) -> int:
    """Scaled to fit 2048 x 2048, then to 768 on the shorter side, in tiles of 512; 8 if unknown."""
    if size is None:
        return base + 8 * tile
    width, height = size
    scale = min(1.0, 2_048 / max(width, height))
    scale = min(scale, 768 / min(width, height))
    return base + tile * math.ceil(width * scale / 512) * math.ceil(height * scale / 512)


def _patches(size: tuple[int, int] | None) -> int:
    return 1_536 if size is None else min(1_536, math.ceil(size[0] / 32) * math.ceil(size[1] / 32))
