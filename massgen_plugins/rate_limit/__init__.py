"""The limiter: what may leave when, shared by everything that spends the same quota.

From the bottom up: ``sliding`` and ``calendar_day`` count one window each, ``ledger`` counts a scope,
``line`` orders those who wait, ``lessons`` keeps what refusals taught, ``scope_state`` decides with all
of these, ``stores`` make that decision atomic for a process or a machine, ``limiter`` alone waits.
"""
