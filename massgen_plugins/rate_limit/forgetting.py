"""Make a store forget, for all processes, and wake those that wait."""

from __future__ import annotations

from collections.abc import Sequence

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import Domain
from massgen_plugins.rate_limit.domain import FACTS, DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.penalties import Penalties
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.stores.base import Store

__all__ = ["begin_anew", "clear_penalties", "forget_learned"]


def forget_learned(store: Store, domain: Domain, pools: Sequence[str]) -> None:
    """Drop the penalties and learned limits of some pools, and the provider's time; usage stays. May block.

    Args:
        store: Where the domain is kept.
        domain: The domain.
        pools: Names of the pools.

    Raises:
        StoreUnavailable: Nothing was dropped.
    """
    replica = _replica(domain, store)

    def drop(state: DomainState, now: Moment) -> list[str]:
        state.facts.clock = None
        state.changed.add(FACTS)
        for name in pools:
            state.facts.penalties.pop(name, None)
            state.refresh(name, now.tick)
        return [ticket.address for ticket in state.tickets]

    _wake_waiters(store, replica, replica.transact(drop, patient=True))


def clear_penalties(store: Store, domain: Domain, pools: Sequence[str]) -> None:
    """Drop the penalties of some pools; learned limits stay. Arguments and errors as above."""
    replica = _replica(domain, store)

    def clear(state: DomainState, now: Moment) -> list[str]:
        for name in pools:
            learned = state.pool(name).penalties.learned
            state.facts.penalties[name] = Penalties(learned=dict(learned))
            state.refresh(name, now.tick)
        return [ticket.address for ticket in state.tickets]

    _wake_waiters(store, replica, replica.transact(clear, patient=True))


def begin_anew(store: Store, domain: Domain) -> None:
    """Forget everything about a domain, usage included. Arguments and errors as above."""
    replica = _replica(domain, store)
    waiting = replica.transact(lambda state, _: [ticket.address for ticket in state.tickets], patient=True)
    if not replica.offline:
        replica.forget()
    _wake_waiters(store, replica, waiting)


def _replica(domain: Domain, store: Store) -> DomainReplica:
    return DomainReplica(domain, store, "", lambda _: None)


def _wake_waiters(store: Store, replica: DomainReplica, addresses: Sequence[str]) -> None:
    if replica.offline:
        raise StoreUnavailable(f"{replica.fault} Nothing was forgotten; try again.")
    for address in dict.fromkeys(addresses):
        store.wake(address)
