"""The case studies and worked examples of the handbook: configuration, runner, and what came out of it."""
