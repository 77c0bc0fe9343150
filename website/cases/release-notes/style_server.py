"""An MCP server that knows which words a house style does without."""

import re

from mcp.server.fastmcp import FastMCP

INSTEAD = {"simply": "nothing", "utilize": "use", "in order to": "to"}

server = FastMCP("style")


@server.tool()
def find_words(text: str) -> str:
    """Words that the house style does without, and what to write instead."""
    lower = text.lower()
    found = [word for word in INSTEAD if re.search(rf"\b{word}\b", lower)]
    lines = [f"{word}: write {INSTEAD[word]}" for word in found]
    return "\n".join(lines) or "nothing to change"


if __name__ == "__main__":
    server.run()
