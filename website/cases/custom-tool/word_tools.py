"""A tool of your own: a plain function with type hints and a docstring."""

from massgen.tool import ExecutionResult
from massgen.tool._result import TextContent


def count_words(text: str) -> ExecutionResult:
    """Count the words of a text.

    Args:
        text: The text whose words are counted.
    """
    return ExecutionResult(output_blocks=[TextContent(data=f"{len(text.split())} words")])
