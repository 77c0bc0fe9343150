"""The only room that knows MassGen's names: where its agents are made, and what surrounds their calls."""
