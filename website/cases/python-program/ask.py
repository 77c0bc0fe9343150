"""Ask a team from a program, and look at what it gives back."""

import asyncio
import sys

import massgen


async def main() -> int:
    """0 if there is an answer that an agent stands for."""
    result = await massgen.run(query="What is 2+2?", config="team.yaml", enable_logging=True)
    answer = result["final_answer"]
    if not answer or not result.get("selected_agent"):
        sys.stderr.write("no agent gave an answer; look into the log\n")
        return 1
    sys.stdout.write(f"answer: {answer[:40]}...\n")
    sys.stdout.write(f"by: {result['selected_agent']}\n")
    sys.stdout.write(f"votes: {result['vote_results']['vote_counts']}\n")
    sys.stdout.write(f"keys: {', '.join(sorted(result))}\n")
    return 0


sys.exit(asyncio.run(main()))
