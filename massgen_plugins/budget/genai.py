"""Prices from the package genai-prices, if it is installed; makes no network requests."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from massgen_plugins.budget.rates import Rates

__all__ = ["PROVIDERS", "PriceList"]

PROVIDERS: Mapping[str, str] = {
    "anthropic": "anthropic",
    "azure_openai": "azure",
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "gemini": "google",
    "grok": "x-ai",
    "groq": "groq",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "nebius": "huggingface_nebius",
    "openai": "openai",
    "openrouter": "openrouter",
    "sambanova": "huggingface_sambanova",
    "together": "together",
    "zai": "zai",
}
"""Provider names to those of genai-prices; for two, it has their prices through Hugging Face."""

_KEYS: Mapping[str, tuple[str, int]] = {
    "input_mtok": ("input", 1),
    "output_mtok": ("output", 1),
    "cache_read_mtok": ("cached", 1),
    "cache_write_mtok": ("cache_write", 1),
    "cache_write_1h_mtok": ("cache_write_1h", 1),
    "output_reasoning_mtok": ("reasoning", 1),
    "input_audio_mtok": ("audio_input", 1),
    "cache_audio_read_mtok": ("cached_audio", 1),
    "output_audio_mtok": ("audio_output", 1),
    "output_image_mtok": ("image_output", 1),
    "web_searches_kcount": ("search", 1_000),
    "requests_kcount": ("request", 1_000),
}
"""Its price names to ours, and the factor that converts them to a price per million."""

_DATE = re.compile(r"checked[^.]*?(20[0-9]{2}-[01][0-9]-[0-3][0-9])")


class PriceList:
    """The price list of genai-prices. Loading takes tenths of a second: do not load it on an event loop."""

    def __init__(self) -> None:
        self._snapshot: Any = None
        self._source = self._dated = ""
        self._found: dict[tuple[str, str], Any] = {}
        self._made: dict[tuple[int, int], tuple[Any, Rates | None]] = {}

    def rates(self, provider: str, model: str, tokens_in: int, at: float | None = None) -> Rates | None:
        """Unit prices of a model for a request of this size; None if unknown.

        Args:
            provider: Our name of the provider.
            model: The name as sent, or the resolved one.
            tokens_in: Input tokens; a tier's price applies to the whole request.
            at: Seconds since the epoch; some prices vary by day or hour.
        """
        theirs = PROVIDERS.get(provider)
        if theirs is None or not self.load():
            return None
        known = self._found.get((theirs, model), self)
        if known is self:
            known = self._found[theirs, model] = self._find(theirs, model)
        if known is None:
            return None
        prices = known.get_prices(datetime.fromtimestamp(time.time() if at is None else at, UTC))
        key = id(prices), _tier(prices, tokens_in)
        made = self._made.get(key)
        if made is None:  # keeps the prices alive, so that their id stays unique
            made = self._made[key] = prices, self._rates(prices, tokens_in)
        return made[1]

    def load(self) -> bool:
        """Load the list unless it is loaded; returns whether one is available."""
        if self._snapshot is None:
            try:
                import genai_prices
                from genai_prices.data_snapshot import get_snapshot

                self._snapshot = get_snapshot()
                self._source = f"genai-prices {genai_prices.__version__}"
                self._dated = max(_dates(self._snapshot), default="")
            except Exception:  # not installed, or an incompatible version
                self._snapshot = False
        return bool(self._snapshot)

    def _rates(self, prices: Any, tokens_in: int) -> Rates | None:
        values = dict(_values(prices, tokens_in))
        if "input" not in values:
            return None  # other units, such as a price per minute of speech
        if "output" not in values:
            if not vars(prices).keys() <= _KEYS.keys():
                return None
            values["output"] = Decimal(0)  # embeddings have no output
        return Rates(**values, source=self._source, dated=self._dated)

    def _find(self, provider: str, model: str) -> Any:
        try:
            return self._snapshot.find_provider_model(model, None, provider, None)[1]
        except LookupError:
            return None


def _values(prices: Any, tokens_in: int) -> Iterator[tuple[str, Decimal]]:
    for key, price in vars(prices).items():
        name, times = _KEYS.get(key, ("", 0))
        if not name or price is None:
            continue
        if isinstance(price, Decimal):
            yield name, price * times
        else:
            reached = [tier.price for tier in price.tiers if tokens_in > tier.start]
            yield name, (reached[-1] if reached else price.base) * times


def _tier(prices: Any, tokens_in: int) -> int:
    """A key for the tiers that a request of this size has reached; equal keys mean equal prices."""
    found = (getattr(price, "tiers", ()) for price in vars(prices).values())
    return sum(tokens_in > tier.start for tiers in found for tier in tiers)


def _dates(snapshot: Any) -> Iterator[str]:
    """Dates at which a provider's prices were checked, from remarks in the list."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for provider in snapshot.providers:
        for each in (provider, *provider.models):
            yield from (date for date in _DATE.findall(each.price_comments or "") if date <= today)
