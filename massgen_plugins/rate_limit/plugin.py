"""Rate limiting as a plugin: it adds the limiter as middleware."""

from __future__ import annotations

from massgen_plugins.hookspecs import MiddlewareContext, hookimpl
from massgen_plugins.middleware import Middleware

__all__ = ["massgen_middleware"]


@hookimpl
def massgen_middleware(context: MiddlewareContext) -> Middleware:
    """Admit every call into its pools."""
    from massgen_plugins.rate_limit.limiters import Limiters  # commands that only read profiles skip this
    from massgen_plugins.rate_limit.middleware import RateLimitMiddleware

    limiters = Limiters(context)
    return RateLimitMiddleware(limiters.of, limiters.fallback, context.emit)
