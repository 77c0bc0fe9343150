"""Where the state of domains lives, and what makes a swap atomic: a process, a machine, a server."""
