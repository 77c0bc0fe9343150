"""How many files, functions and calls of the wire one free model call takes: few enough to be followed."""

from __future__ import annotations

import asyncio
import gc
import operator
import sys
from collections import Counter

import httpx
import pytest

PATH = "/v1/models/m:streamGenerateContent"
WIRE = "/massgen_plugins/wire/"


class Body(httpx.AsyncByteStream):
    def __init__(self, *pieces):
        self._pieces = pieces

    async def __aiter__(self):
        for piece in self._pieces:
            yield piece


def answer(request):
    if "stream" in request.url.path:
        events = Body(b'data: {"text": "a"}\n\n', b'data: {"usage": {"prompt_tokens": 7}}\n\n')
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=events)
    return httpx.Response(200, stream=Body(b'{"usage": {"prompt_tokens": 7}}'))


async def steps_of(path):
    steps = Counter()

    def profile(frame, event, _):
        code = frame.f_code
        if event == "call" and WIRE in code.co_filename:
            steps[code.co_filename.rpartition("/")[2], code.co_qualname] += 1

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        await client.post(f"http://localhost{path}", json={})
        gc.collect()
        gc.disable()  # what earlier tests have left ends in its own time
        sys.setprofile(profile)
        try:
            await client.post(f"http://localhost{path}", json={})
        finally:
            sys.setprofile(None)
            gc.enable()
    return steps


@pytest.mark.parametrize(("path", "functions", "calls"), [("/v1/messages", 35, 48), (PATH, 46, 68)])
def test_of_one_free_call(gate, path, functions, calls):
    steps = asyncio.run(steps_of(path))
    files = {file for file, _ in steps}
    assert gate.recorder.names[5:] == ["before", "written", "after", "usage", "finished"]
    counted, most = (len(files), len(steps), steps.total()), (7, functions, calls)
    assert all(map(operator.le, counted, most)), (counted, steps)
