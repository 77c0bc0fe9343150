"""How recordings are made: a script, a player in a terminal, a cast, its transcript, a comparison."""
