"""An MCP server that knows the words that a house style does without, over standard input and output."""

import re

from mcp.server.fastmcp import FastMCP

INSTEAD = {"simply": "nothing", "utilize": "use", "whitelist": "allowlist", "in order to": "to"}

server = FastMCP("style")


@server.tool()
def find_words(text: str) -> str:
    """Words in the text that the house style does without, and what to write instead."""
    found = [word for word in INSTEAD if re.search(rf"\b{word}\b", text, re.IGNORECASE)]
    return "\n".join(f"{word}: write {INSTEAD[word]}" for word in found) or "nothing to change"


if __name__ == "__main__":
    server.run()
