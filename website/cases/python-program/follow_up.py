"""The same with a conversation before it: what 0.1.97 does."""

import asyncio

import massgen

HISTORY = [{"role": "user", "content": "What is 2+2?"}, {"role": "assistant", "content": "4"}]

asyncio.run(massgen.run(query="And 3+3?", config="team.yaml", conversation_history=HISTORY))
