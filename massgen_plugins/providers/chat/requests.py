"""Parses requests of OpenAI's protocols: model, account and charges."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from massgen_plugins.providers.base import HttpRequest, ModelRequest
from massgen_plugins.providers.chat.apis import Api, api_of
from massgen_plugins.providers.chat.host import EXPECTED_OUTPUT, ChargeRule, Host, TotalRule
from massgen_plugins.providers.estimate import Sizes, decoded, measure, unread_body
from massgen_plugins.providers.image_rules import openai_image
from massgen_plugins.providers.plans import openai_account
from massgen_plugins.providers.urls import credential_of, place_of
from massgen_plugins.quota import Charge, Kind, Mode

__all__ = ["UNCACHED", "UNKNOWN_MODEL", "read_request", "resolve_model"]

UNKNOWN_MODEL = "unknown"
"""Pool of calls without a readable model: compressed, unknown body, or a server with a single model."""
UNCACHED = "uncached_input_tokens"
"""Input that was not read from the cache: a kind limited by Cerebras and Fireworks."""

_BOUNDS = ("max_completion_tokens", "max_output_tokens", "max_tokens")
_DEPLOYMENT = re.compile(r"/deployments/([^/]{1,200})/")
_FORM_FIELD = re.compile(rb'name="?(model|n)"?\r?\n(?:[^\r\n]{1,200}\r?\n)?\r?\n([^\r\n]{1,200})\r?\n')
_FORM_HEAD = 64 * 1024
_TUNED = re.compile(r"ft:([^:]{1,100})")
_DATE = re.compile(r"-20\d\d-\d\d-\d\d$")
_LARGEST_BOUND = 10**9


def read_request(request: HttpRequest, host: Host) -> ModelRequest | None:
    """Parse a request to a host; None if it is not a model call after all."""
    api, place = api_of(request.url), place_of(request.url)
    if api is None or place is None:
        return None
    body = _document(request.body)
    deployment = next(iter(_DEPLOYMENT.findall(place.path)), "")
    named = body.get("model")
    requested = deployment or (named.strip()[:200] if isinstance(named, str) else "") or UNKNOWN_MODEL
    sizes = _sizes(request, body, requested)
    bound = _bound(body)
    model = requested if deployment else resolve_model(requested, host)
    return ModelRequest(
        requested_model=requested,
        model=model,
        credential=openai_account(request.headers) or credential_of(request.headers),
        endpoint="" if host.owns(place.host) and not host.endpoint_always else place.endpoint,
        charges=_charges(api, sizes, bound, body, host.charge),
        stream=body.get("stream") is True,
        pools=(model, *(pool for tail, pool in host.suffix_pools if model.endswith(tail))),
        max_output=bound,
        host=place.host,
    )


def resolve_model(model: str, host: Host) -> str:
    """The model whose quota a name uses: at OpenAI, fine-tuned and dated models share their base model's."""
    if not host.version_tail or len(model) > 200:
        return model
    tuned = _TUNED.match(model)
    return _DATE.sub("", tuned[1] if tuned else model) or model


def _document(body: bytes | None) -> Mapping[str, Any]:
    """The body's fields: all of JSON; ``model`` and ``n`` of a form."""
    document = decoded(body)
    if document or body is None or body.lstrip()[:1] in (b"{", b"["):
        return document
    fields = {name.decode(): value for name, value in _FORM_FIELD.findall(body[:_FORM_HEAD])}
    fields |= {name.decode(): value for name, value in _FORM_FIELD.findall(body[-_FORM_HEAD:])}
    return {name: value.decode("utf-8", "replace").strip() for name, value in fields.items()}


def _sizes(request: HttpRequest, body: Mapping[str, Any], model: str) -> Sizes:
    if not body:
        return unread_body(request.body, request.headers.get("content-length", ""))
    if request.body is not None and request.body.lstrip()[:1] != b"{":  # a form with a file and little text
        return Sizes(0, 0, 0)
    return measure(body, len(request.body or b""), openai_image(model.rpartition("/")[2]))


def _whole(value: Any, most: int) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    return value if type(value) is int and 0 < value <= most else None


def _bound(body: Mapping[str, Any]) -> int | None:
    """The request's limit on output tokens, for all choices together; None if it sets none."""
    bounds = [_whole(body[name], _LARGEST_BOUND) or 0 for name in _BOUNDS if name in body]
    most = max(bounds, default=0)
    return most * (_whole(body.get("n"), 128) or 1) if most else None


def _charges(
    api: Api, sizes: Sizes, bound: int | None, body: Mapping[str, Any], rule: ChargeRule
) -> dict[str, Charge]:
    charges = {Kind.REQUESTS.value: Charge(1), Kind.CONCURRENT.value: Charge(1)}
    if api is Api.OTHER:
        return charges
    if api is Api.IMAGES:
        charges["images"] = Charge(_whole(body.get("n"), 128) or 1)
    charges[Kind.INPUT_TOKENS] = Charge(sizes.tokens)
    if rule.uncached:
        charges[UNCACHED] = Charge(sizes.tokens)
    if api in (Api.EMBEDDINGS, Api.IMAGES):
        charges[Kind.TOTAL_TOKENS] = Charge(sizes.tokens)
        return charges
    forecast = EXPECTED_OUTPUT if bound is None else min(bound, EXPECTED_OUTPUT)
    charges[Kind.OUTPUT_TOKENS] = Charge(forecast, Mode.EXPECTED)
    charges[Kind.TOTAL_TOKENS] = _total(sizes, bound, rule)
    return charges


def _total(sizes: Sizes, bound: int | None, rule: ChargeRule) -> Charge:
    """The charge that the provider is assumed to book in advance."""
    if rule.total is TotalRule.LARGER:
        by_characters = math.ceil(sizes.characters / 4) + sizes.media
        return Charge(max(by_characters, bound or 0), Mode.KEPT if rule.kept else Mode.SETTLED)
    known = bound or rule.assumed_output
    if not known:
        return Charge(sizes.tokens + EXPECTED_OUTPUT)
    kept = rule.kept and (bound is not None or rule.keeps_assumed)
    return Charge(sizes.tokens + known, Mode.KEPT if kept else Mode.SETTLED)
