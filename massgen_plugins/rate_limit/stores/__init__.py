"""Where the state of domains is kept and swapped atomically: in a process, a file, or a server."""
