"""A fleet on virtual time: a thousand machines share one account through one Redis.

Limiters, queues and Lua scripts are the real ones, and the scripts run in a real server. Simulated are time,
the network, how long the server takes (what it really took, one command after the other), the provider, and
the agents.
"""
