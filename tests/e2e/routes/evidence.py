"""What shows that calls were admitted: the store holds exactly the requests that the server counted."""

from __future__ import annotations

from massgen_plugins.quota import Kind, Sliding

__all__ = ["admitted", "assert_all_admitted", "assert_none_admitted"]


def admitted(user) -> int:
    """Requests of the day in the user's store."""
    return sum(
        row.used
        for view in user.pools()
        for row in view.limits
        if row.limit.kind == Kind.REQUESTS and not isinstance(row.limit.window, Sliding)
    )


def assert_all_admitted(user, server) -> int:
    """Every request that arrived had been admitted; returns how many there were."""
    report = server.report()
    assert report.arrived == report.served > 0
    assert admitted(user) == report.arrived
    assert "WITHOUT limits" not in "".join(
        log.read_text(encoding="utf-8") for log in user.project.rglob("massgen.log")
    )
    return report.arrived


def assert_none_admitted(user, server) -> None:
    """The run made requests, and nothing of ours was there."""
    assert server.report().arrived > 0
    assert not user.store.exists()
