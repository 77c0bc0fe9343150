"""The chat family: everything that speaks OpenAI's protocols, with hosts as data."""
