"""The limiter: what may leave when, shared by everything that spends the same quota.

From the bottom up: ``rings`` and ``calendar_windows`` count in one window each, ``book`` counts for a pool,
``domain`` decides with books, penalties and the shared queue, ``replica`` keeps this process's copy in step
with a store by compare-and-swap, ``domain_queue`` alone waits, ``limiter`` is what others use.
"""
