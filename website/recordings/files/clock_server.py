"""An MCP server with one tool."""

from mcp.server.fastmcp import FastMCP

server = FastMCP("clock")


@server.tool()
def days_between(first: int, second: int) -> int:
    """Days from the first day to the second."""
    return second - first


if __name__ == "__main__":
    server.run()
