"""What Gemini's usage tells beside the prompt and the candidates."""

from __future__ import annotations

from typing import Any

from massgen_plugins.sandbox import SandboxConfig

TEXT = "What is 2+2? Answer in words."


def test_gemini_tells_thoughts_and_what_its_cache_gave(visit: Any) -> None:
    async def go(client: Any) -> None:
        await client.ask(TEXT)
        _, events = await client.ask(TEXT, stream=True)
        usage = events[-1]["usageMetadata"]
        assert usage["thoughtsTokenCount"] == 9
        assert usage["cachedContentTokenCount"] == usage["promptTokenCount"] // 2
        assert (
            sum(usage[f"{part}TokenCount"] for part in ("prompt", "candidates", "thoughts"))
            == usage["totalTokenCount"]
        )
        record = client.sandbox.report().requests[-1]
        assert record.output_tokens == usage["candidatesTokenCount"] + 9

    visit(SandboxConfig(cached_share=0.5, reasoning_tokens=9), go)
