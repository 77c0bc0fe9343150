"""A fleet on virtual time: a thousand machines share one account through one Redis.

Limiters, queues and the script are the real ones, and the script runs in a real server. Simulated are time,
the network, how long the server takes (what it really took, one command after the other), the provider, and
the agents. The processor time of a machine's worker passes on the virtual clock, too.
"""
