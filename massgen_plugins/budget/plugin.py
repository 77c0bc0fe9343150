"""The budget plugin: middleware that runs before the limiter."""

from __future__ import annotations

from massgen_plugins.hookspecs import MiddlewareContext, hookimpl
from massgen_plugins.middleware import Middleware

__all__ = ["massgen_middleware"]


@hookimpl
def massgen_middleware(context: MiddlewareContext) -> Middleware:
    """Enforce budgets on every call."""
    from massgen_plugins.budget.books import Books
    from massgen_plugins.budget.middleware import BudgetMiddleware
    from massgen_plugins.budget.price_source import PriceSource
    from massgen_plugins.rate_limit.limiters import Limiters

    books = Books(Limiters(context).at)
    return BudgetMiddleware(books, PriceSource(context.settings), context.settings, context.emit)
