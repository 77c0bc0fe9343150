"""The checks of ``massgen-rl doctor``: one module per topic, with a function that yields findings."""
