"""Which names share a quota."""

from __future__ import annotations

import pytest

from massgen_plugins.providers.gemini import GeminiProvider


@pytest.mark.parametrize(
    ("sent", "booked"),
    [
        ("gemini-2.5-flash", "gemini-2.5-flash"),
        ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ("gemini-2.5-flash-lite-preview-09-2025", "gemini-2.5-flash-lite"),
        ("gemini-2.5-flash-preview-05-20", "gemini-2.5-flash"),
        ("gemini-2.5-pro-exp-03-25", "gemini-2.5-pro-exp"),
        ("gemini-1.5-pro-exp-0827", "gemini-1.5-pro-exp"),
        ("gemini-2.0-flash-exp", "gemini-2.0-flash-exp"),
        ("gemini-2.0-flash-thinking-exp-01-21", "gemini-2.0-flash-thinking-exp"),
        ("vertex_ai/gemini-2.5-pro-preview-05-06", "gemini-2.5-pro"),
        ("endpoints/1234567", "endpoints/1234567"),
        ("gemini-2.0-flash-001", "gemini-2.0-flash"),
        ("gemini-2.0-flash-lite-001", "gemini-2.0-flash-lite"),
        ("gemini-3-flash-preview", "gemini-3-flash"),
        ("gemini-flash-latest", "gemini-flash"),
        ("gemini-flash-lite-latest", "gemini-3.5-flash-lite"),
        ("gemini-3-pro-preview", "gemini-3.1-pro"),
        ("gemini-3-pro-preview-11-2025", "gemini-3.1-pro"),
        ("gemini-3.1-pro-preview-customtools", "gemini-3.1-pro"),
        ("gemini-3-pro-image-preview", "gemini-3-pro-image"),
        ("gemini-2.5-flash-image", "gemini-2.5-flash-image"),
        ("gemini-2.5-flash-preview-tts", "gemini-2.5-flash-preview-tts"),
        ("gemini-exp-1206", "gemini-exp-1206"),
        ("gemma-3-27b-it", "gemma-3-27b-it"),
        ("models/gemini-2.5-pro-latest", "gemini-2.5-pro"),
        ("tunedModels/mine-001", "tunedModels/mine-001"),
        ("-preview", "-preview"),
        ("", ""),
    ],
)
def test_versions_and_aliases_are_booked_on_their_base_model(sent, booked):
    gemini = GeminiProvider()
    assert gemini.resolve_model(sent) == booked
    assert gemini.resolve_model(booked) == booked
