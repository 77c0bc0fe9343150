"""The chat family: all hosts that speak OpenAI's protocols, described as data."""
