"""Four requests of an OpenAI client to `massgen serve`."""

import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="anything", max_retries=0)
ONE = [{"role": "user", "content": "What is 2+2?"}]
TWO = [*ONE, {"role": "assistant", "content": "4"}, {"role": "user", "content": "And 3+3?"}]
TRIES = {
    "one message": {"messages": ONE},
    "a conversation": {"messages": TWO},
    "streamed": {"messages": ONE, "stream": True},
    "another file": {"messages": ONE, "model": "massgen/path:other.yaml"},
}

for name, request in TRIES.items():
    try:
        answer = client.chat.completions.create(**{"model": "massgen", **request})
    except openai.APIStatusError as error:
        sys.stdout.write(f"{name}: HTTP {error.status_code} {error.body}\n")
    else:
        by = answer.massgen_metadata["selected_agent"]
        sys.stdout.write(f"{name}: answered by {by}, {answer.usage.prompt_tokens} prompt tokens\n")
