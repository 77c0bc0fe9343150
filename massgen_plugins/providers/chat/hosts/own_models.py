"""Model makers with their own API: xAI, Mistral, DeepSeek, Moonshot, Qwen, Z.AI."""

from __future__ import annotations

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.announce import openai_style
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.chat.host import ChargeRule, Host
from massgen_plugins.providers.rules import RuleBook, rule
from massgen_plugins.providers.windows import DAY_SECONDS, MONTH_SECONDS
from massgen_plugins.quota import ACCOUNT_POOL, Kind

__all__ = ["DEEPSEEK", "MISTRAL", "MOONSHOT", "QWEN", "XAI", "ZAI"]

_OVERLOAD, _PERMANENT = RefusalKind.OVERLOAD, RefusalKind.PERMANENT
_UNTIL, _WINDOW = RefusalKind.UNTIL, RefusalKind.WINDOW
_TOTAL = Conventions(tpm_counts=Kind.TOTAL_TOKENS)

XAI = Host(
    name="grok",
    hosts=("api.x.ai", "us-east-1.api.x.ai", "eu-west-1.api.x.ai"),
    backends=frozenset({"grok"}),
    announced=(openai_style("requests", Kind.REQUESTS), openai_style("tokens", Kind.TOTAL_TOKENS)),
    reports_cost=True,  # after discounts, server-side tools included (docs, 2026)
    book=RuleBook(
        label="xAI",
        conventions=Conventions(tpm_counts=Kind.TOTAL_TOKENS, key_prefixes=("xai-",)),
        place="https://console.x.ai",
        # Flat: {"code": "resource-exhausted", "error": "Too many requests for team ... Requests per Second
        # (actual/limit): 2/2"}; 0/0 means no access (field, 2026). The numbers are parsed from the prose.
        rules=(
            rule(_UNTIL, words=("free usage quota exceeded",), wait=DAY_SECONDS),  # 24 hours (field, 2026)
            rule(
                _PERMANENT,
                words=("used all available credits", "monthly spending limit", "purchase more credits"),
                pool=ACCOUNT_POOL,
            ),
        ),
    ),
)

MISTRAL = Host(
    name="mistral",
    hosts=("api.mistral.ai", "codestral.mistral.ai"),
    announced=(  # docs and field, 2026; a limit of 0 means that the plan does not include the model
        openai_style("req-minute", Kind.REQUESTS),
        openai_style("tokens-minute", Kind.TOTAL_TOKENS),
        openai_style("tokens-5-minute", Kind.TOTAL_TOKENS, 300.0),
        openai_style("tokens-month", Kind.TOTAL_TOKENS, MONTH_SECONDS),
    ),
    book=RuleBook(
        label="Mistral",
        conventions=_TOTAL,
        place="https://admin.mistral.ai",
        zero_headers=("x-ratelimit-limit-req-minute", "x-ratelimit-limit-tokens-minute"),
        # "Rate limit exceeded" has the type rate_limited and the code 1300 (field, 2026).
        rules=(
            rule(_OVERLOAD, codes="3505 3810 request_tier_capacity_exceeded service_tier_capacity_exceeded"),
            rule(_WINDOW, codes="1300 rate_limited"),
        ),
    ),
)

DEEPSEEK = Host(
    name="deepseek",
    hosts=("api.deepseek.com",),
    # Only concurrency, per account and model; it shrinks with the balance: "your concurrency limit of 39
    # based on your remaining balance" (docs, 2026-05; field, 2026-09). 503 is overload, 402 no balance.
    book=RuleBook(label="DeepSeek", conventions=_TOTAL, place="https://platform.deepseek.com/top_up"),
)

MOONSHOT = Host(
    name="moonshot",
    hosts=("api.moonshot.cn", "api.moonshot.ai", "api.kimi.com"),
    backends=frozenset({"moonshot"}),
    # Request tokens and max_tokens, "regardless of actual output"; its default if absent (docs, 2026-05).
    charge=ChargeRule(kept=True, assumed_output=1_024, keeps_assumed=True),
    book=RuleBook(
        label="Moonshot",
        conventions=_TOTAL,
        place="https://platform.moonshot.ai/console",
        pool=ACCOUNT_POOL,  # all models share the account's limits (docs, 2026-05)
        rules=(
            rule(_PERMANENT, codes="exceeded_current_quota_error", pool=ACCOUNT_POOL),
            rule(_OVERLOAD, codes="engine_overloaded_error"),
        ),
    ),
)

_MINUTE_REQUESTS, _MINUTE_TOKENS = ((Kind.REQUESTS, 60.0),), ((Kind.TOTAL_TOKENS, 60.0),)
QWEN = Host(
    name="qwen",
    hosts=(
        "dashscope.aliyuncs.com",
        "dashscope-intl.aliyuncs.com",
        "dashscope-us.aliyuncs.com",
        ".maas.aliyuncs.com",
    ),
    backends=frozenset({"qwen"}),
    book=RuleBook(
        label="Qwen (Alibaba Cloud Model Studio)",
        conventions=_TOTAL,
        place="https://modelstudio.console.alibabacloud.com",
        # help.aliyun.com/en/model-studio/rate-limit (2026): insufficient_quota means tokens per minute here,
        # and recovers within one minute; one of four field reports disagrees.
        rules=(
            rule(
                _PERMANENT,
                codes="arrearage allocationquota.freetieronly allocationquota.freeexceeded "
                "throttling.allocationquota.freeexceeded",
                words=(),
                pool=ACCOUNT_POOL,
            ),
            rule(_WINDOW, codes="limit_burst_rate throttling.burstrate", wait=10.0),
            rule(_WINDOW, codes="limit_requests throttling.ratequota throttling", limits=_MINUTE_REQUESTS),
            rule(
                _WINDOW,
                codes="insufficient_quota throttling.allocationquota limit_tokens",
                limits=_MINUTE_TOKENS,
            ),
        ),
    ),
)

_CODING_PLAN_HOURS = 5.0
ZAI = Host(
    name="zai",
    hosts=("api.z.ai", "open.bigmodel.cn"),
    backends=frozenset({"zai"}),
    book=RuleBook(
        label="Z.AI",
        conventions=_TOTAL,
        place="https://z.ai/manage-apikey",
        # docs.z.ai api-code (2026) and field: no headers, no hints. 1308 and 1310 are used-up plans: five
        # hours, a week; their prose names the end.
        rules=(
            rule(_WINDOW, codes="1302 1303", limits=((Kind.CONCURRENT, 0.0),)),
            rule(_OVERLOAD, codes="1305 1312"),
            rule(_PERMANENT, codes="1113 1309", pool=ACCOUNT_POOL),
            rule(_UNTIL, codes="1304 1308", pool=ACCOUNT_POOL, wait=_CODING_PLAN_HOURS * 3_600),
            rule(_UNTIL, codes="1310", pool=ACCOUNT_POOL, wait=DAY_SECONDS),
        ),
    ),
)
