"""The page ``/limits/model-prices``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from massgen_plugins.budget.rates import Rates, cost_of, parts_of
from website.generate.mdx import FILTER, bullets, code, front_matter, page, table
from website.generate.reading.distribution import massgen_version, package_version
from website.generate.reading.prices import CLAUDES, USAGE, Priced, priced_models

__all__ = ["render"]

_VERIFIED = (
    "massgen/token_manager/token_manager.py#def calculate_cost_with_usage_object",
    "massgen/token_manager/token_manager.py#def _map_provider_to_litellm",
    "massgen/backend/capabilities.py#BACKEND_CAPABILITIES",
    "massgen_plugins/budget/rates.py#def parts_of",
    "tests/handbook/test_model_prices.py",
    "tests/handbook/test_generated.py",
)
_SAME = Decimal("0.002")
"""Fraction below which two figures are the same: MassGen rounds to a millionth of a dollar."""
_NOTHING = "MassGen has no price, and counts nothing"
_MAKERS = "MassGen takes the price of the model's maker"
_ELSEWHERE = "MassGen has a price of its own, found by a part of the name"


def render() -> str:
    """The page."""
    found = priced_models()
    head = front_matter(
        "What each model costs, by three sources",
        "See of every model that MassGen lists whether its price is known, and why MassGen shows another.",
        massgen_version(),
        _VERIFIED,
        keywords=("price of a model", "wrong cost"),
    )
    return page(head, _opening(found), _usage(), FILTER, *_tables(found), _reasons(), _NEXT)


def _opening(found: Sequence[Priced]) -> str:
    known = [each for each in found if each.ours is not None]
    same = [each for each in known if _close(each.massgen, each.ours)]
    none = [each for each in known if not each.massgen]
    more = [each for each in known if each not in same and each.ours is not None and each.massgen > each.ours]
    less = len(known) - len(same) - len(none) - len(more)
    most = max(more, key=lambda each: each.massgen / (each.ours or 1))
    factor = most.massgen / (most.ours or 1)
    unknown, listed = len(found) - len(known), package_version("genai-prices")
    return f"""\
MassGen {massgen_version()} names {len(found)} models of its backends. The plugin knows the price of
{len(known)}, from genai-prices {listed}; {unknown} are **unknown**, and stay so in `massgen-rl cost` until
you [state their price](/limits/cost#own-prices): an unknown price is never taken for nothing.

For one and the same usage, MassGen's own function says the same for {len(same)} of the {len(known)}, more for
{len(more)} (up to {factor:.0f} times: {code(most.model)}), less for {less}, and nothing for {len(none)}."""


def _usage() -> str:
    return f"""\
## The usage that is priced

{USAGE.input:,} tokens in, {USAGE.cached:,} of them from the provider's cache; {USAGE.output:,} tokens out,
{USAGE.reasoning:,} of them thoughts; of Claude, {CLAUDES.cache_write:,} of the input were written to the
cache. All amounts are US dollars. "-" means that the source does not know the model.

* **genai-prices** {package_version("genai-prices")} is what the plugin uses (`massgen-plugins[cost]`).
* **litellm** {package_version("litellm")} is the table in the package that MassGen installs, read by itself.
* **MassGen** is what its function `calculate_cost_with_usage_object` answers to this usage without a network.
  With one, it fetches a newer table for what it does not know."""


def _tables(found: Sequence[Priced]) -> Iterator[str]:
    for backend, models in groupby(found, lambda each: each.backend):
        yield f"## {backend}\n\n" + table(
            ("model", "genai-prices", "litellm", "MassGen", "why"),
            (
                (
                    code(each.model),
                    _shown(each.ours) if each.ours is not None else "unknown",
                    _shown(each.litellm),
                    _shown(each.massgen),
                    "; ".join(_why(each)),
                )
                for each in models
            ),
        )


def _shown(dollars: Decimal | None) -> str:
    return "-" if dollars is None else f"{dollars:.4f}"


def _why(each: Priced) -> Iterator[str]:
    known = each.litellm if each.ours is None else each.ours
    if known is None and each.massgen:
        yield _MAKERS
    elif known is not None and each.massgen == 0:
        yield _NOTHING
    elif known is not None and not _close(each.massgen, known):
        yield next((reason for reason, cost in _habits(each) if _close(each.massgen, cost)), _ELSEWHERE)
    if each.rates is not None and each.table is not None and not _close(each.litellm, each.ours):
        yield f"litellm has {_differing(each.table, each.rates)}"


def _habits(each: Priced) -> Iterator[tuple[str, Decimal]]:
    """What MassGen may leave out or take in full, by our prices and by litellm's; the simplest first."""
    for rates, whose in ((each.rates, ""), (each.table, "litellm's prices, ")):
        if rates is None:
            continue
        for reason, cost in _of_rates(each, rates):
            yield f"{whose}{reason}".removesuffix(", "), cost


def _of_rates(each: Priced, rates: Rates) -> Iterator[tuple[str, Decimal]]:
    tokens = each.tokens
    silent = replace(tokens, output=tokens.output - tokens.reasoning)
    full = replace(rates, cached=None, cache_write=None)
    free = replace(tokens, input=tokens.input - tokens.cached - tokens.cache_write, cached=0, cache_write=0)
    for reason, taken, priced in (
        ("", tokens, rates),
        ("cached input at its full price", tokens, full),
        ("thoughts left out", silent, rates),
        ("cached input at its full price, thoughts left out", silent, full),
        ("what is cached and written left out", free, rates),
    ):
        yield reason, cost_of(parts_of(taken, priced)) / 1_000_000


def _differing(theirs: Rates, ours: Rates) -> str:
    """Which unit prices differ, as dollars for a million."""
    names = (("input", "input"), ("cached", "cached input"), ("cache_write", "written"), ("output", "output"))
    pairs = ((label, getattr(theirs, name), getattr(ours, name)) for name, label in names)
    return ", ".join(
        f"{label} {_rate(their)} instead of {_rate(our)}" for label, their, our in pairs if their != our
    )


def _rate(rate: Decimal | None) -> str:
    return "no price" if rate is None else f"{rate.normalize():f}"


def _close(one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= max(Decimal("0.000001"), _SAME * max(one, other))


def _reasons() -> str:
    return f"""\
## Why figures differ

{bullets(" ".join(each.split()) for each in _REASONS)}

Whom to believe: your invoice. [`massgen-rl cost why`](/limits/cost#why) shows of each call which unit prices
were taken, and from when they are."""


_REASONS = (
    """**Cached input at its full price**: Gemini's count of it is handed on under a name that litellm does
    not read; and for a model that litellm does not know, MassGen's last resort takes input and output
    alone.""",
    "**Thoughts left out**: Gemini counts thoughts beside the answer's tokens; its bill has both.",
    """**What is cached and written left out**: of Claude, MassGen's function takes `input_tokens` alone, in
    which neither is; where litellm has no price of cached input, it is taken for nothing.""",
    """**A price of its own**: a table in MassGen's source, in which a model is found when a key is a part of
    its name: `grok-4` is one of `grok-4-fast`.""",
    """**Nothing**: the name that MassGen has for the provider, such as `Cerebras AI`, is in none of its
    tables.""",
)


_NEXT = """\
## Next

* [What a run costs](/limits/cost): the same for your own calls.
* [Speed and cost of a team](/operate/speed-and-cost): an estimate before you ask."""
