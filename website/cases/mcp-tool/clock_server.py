"""An MCP server with two tools, over standard input and output."""

from mcp.server.fastmcp import FastMCP

server = FastMCP("clock")


@server.tool()
def days_between(first: int, second: int) -> int:
    """Days from the first day to the second."""
    return second - first


@server.tool()
def set_alarm(day: int) -> str:
    """Set an alarm."""
    return f"alarm set for day {day}"


if __name__ == "__main__":
    server.run()
