"""The limiter: decides when each call may leave, across everything that spends the same quota.

From the bottom up: ``rings`` and ``calendar_windows`` each count in one window, ``book`` counts for a pool,
``domain`` decides from books, penalties and the shared queue, ``replica`` keeps this process's copy in step
with a store by compare-and-swap, ``domain_queue`` alone waits, and ``limiter`` is the public face.
"""
