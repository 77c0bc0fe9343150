"""Where the state of scopes lives, and what makes a decision atomic: a process, a machine."""
