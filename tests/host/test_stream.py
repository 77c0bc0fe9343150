"""The driver around ``stream_with_tools``: whose call it is, and how a turn ends that we refuse."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing

import pytest

from massgen_plugins.errors import CallRefused
from massgen_plugins.host.stream import Agent, current_turn, limited_stream
from massgen_plugins.middleware import ModelCall
from massgen_plugins.providers.gemini.provider import GeminiProvider
from massgen_plugins.quota import Domain


def refuse(error):
    """What the gate does when it refuses the model of the agent whose turn it is."""
    current_turn.get().refused = error
    raise error


def drain(stream):
    async def collect():
        return [chunk async for chunk in stream()]

    return asyncio.run(collect())


def assert_one_fatal(chunks, error):
    (chunk,) = chunks
    assert (chunk.type, chunk.status, chunk.error, chunk.content) == ("error", "fatal", str(error), None)


def test_arguments_and_chunks_pass_untouched(agent):
    seen = []
    chunks = [object(), None, object()]

    async def original(*args, **kwargs):
        seen.append((args, kwargs))
        for chunk in chunks:
            yield chunk

    messages, tools = [{"role": "user"}], []
    stream = limited_stream(agent, original)
    assert drain(lambda: stream(messages, tools=tools, model="m", agent_id="x")) == chunks
    ((args, kwargs),) = seen
    assert args[0] is messages
    assert kwargs["tools"] is tools
    assert kwargs == {"tools": [], "model": "m", "agent_id": "x"}


def test_an_error_of_the_backend_stays_its_own(agent):
    async def original():
        yield "one"
        raise LookupError("the backend's")

    with pytest.raises(LookupError, match="the backend's"):
        drain(limited_stream(agent, original))


def test_refused_before_the_first_chunk(massgen, agent, spent):
    async def original():
        refuse(spent)
        yield "never"

    assert_one_fatal(drain(limited_stream(agent, original)), spent)


def test_refused_in_the_middle_keeps_what_was_said_before(massgen, agent, spent):
    async def original():
        yield "one"
        refuse(spent)

    first, *rest = drain(limited_stream(agent, original))
    assert first == "one"
    assert_one_fatal(rest, spent)


def test_refused_and_swallowed_by_the_backend_whose_words_are_dropped(massgen, agent, spent):
    went_on = []

    async def original():
        try:
            refuse(spent)
        except Exception as error:
            yield f"Error: {error}"
        went_on.append(True)
        yield "more"

    assert_one_fatal(drain(limited_stream(agent, original)), spent)
    assert went_on == []


def test_refused_and_swallowed_by_a_backend_that_just_ends(massgen, agent, spent):
    async def original():
        try:
            refuse(spent)
        except Exception:
            return
        yield "never"

    assert_one_fatal(drain(limited_stream(agent, original)), spent)


def test_refused_and_raised_as_something_else(massgen, agent, spent):
    async def original():
        try:
            refuse(spent)
        except Exception:
            raise ConnectionError("Connection error.") from None
        yield "never"

    assert_one_fatal(drain(limited_stream(agent, original)), spent)


def test_a_cancelled_turn_is_not_made_an_error_of_ours(agent, spent):
    async def original():
        current_turn.get().refused = spent
        raise asyncio.CancelledError
        yield "never"

    with pytest.raises(asyncio.CancelledError):
        drain(limited_stream(agent, original))


def test_a_backend_that_calls_itself_is_one_turn(massgen, agent, spent):
    turns = []

    class Backend:
        async def stream_with_tools(self, retry=False):
            turns.append(current_turn.get())
            if retry:
                refuse(spent)
            yield "one"
            async for chunk in self.stream_with_tools(retry=True):
                yield chunk

    backend = Backend()
    backend.stream_with_tools = limited_stream(agent, backend.stream_with_tools)
    first, *rest = drain(backend.stream_with_tools)
    assert first == "one"
    assert_one_fatal(rest, spent)  # one for the turn, not one for each level
    assert len(turns) == 2
    assert turns[0] is turns[1]


def test_two_streams_of_one_backend_at_once_are_two_turns(massgen, agent, spent):
    async def original(bad):
        turn = current_turn.get()
        yield "one"
        await asyncio.sleep(0)
        assert current_turn.get() is turn
        if bad:
            refuse(spent)
        yield "two"

    stream = limited_stream(agent, original)

    async def both():
        async def collect(bad):
            return [chunk async for chunk in stream(bad)]

        return await asyncio.gather(collect(bad=True), collect(bad=False))

    bad, good = asyncio.run(both())
    assert bad[0] == "one"
    assert_one_fatal(bad[1:], spent)
    assert good == ["one", "two"]


def test_the_turn_is_seen_inside_and_never_by_the_consumer(agent):
    inside, outside = [], []

    async def original():
        for number in range(3):
            inside.append(current_turn.get().agent)
            yield number

    async def consume():
        outside.extend([current_turn.get() async for _ in limited_stream(agent, original)()])
        outside.append(current_turn.get())

    asyncio.run(consume())
    assert inside == [agent] * 3
    assert outside == [None] * 4


def test_each_step_may_come_from_another_task_as_the_orchestrator_does_it(agent):
    seen = []

    async def original():
        for number in range(3):
            seen.append(current_turn.get())
            yield number

    async def consume():
        stream = limited_stream(agent, original)()
        return [await asyncio.create_task(anext(stream)) for _ in range(3)]

    assert asyncio.run(consume()) == [0, 1, 2]
    assert len({id(turn) for turn in seen}) == 1
    assert seen[0].agent is agent


def test_tasks_that_a_turn_starts_belong_to_it(agent):
    async def tool():
        return current_turn.get().agent

    async def original():
        yield await asyncio.create_task(tool())
        yield await asyncio.to_thread(lambda: current_turn.get().agent)

    assert drain(limited_stream(agent, original)) == [agent, agent]


def test_an_abandoned_stream_is_closed_from_another_task_and_leaks_nothing(agent):
    closed = []

    async def original():
        try:
            yield "one"
            yield "two"
        finally:
            closed.append(current_turn.get())

    async def consume():
        stream = limited_stream(agent, original)()
        assert await anext(stream) == "one"
        await asyncio.create_task(stream.aclose())
        assert current_turn.get() is None

    asyncio.run(consume())
    assert closed == [None]


def test_a_forgotten_stream_is_closed_by_the_loop(agent):
    closed = []

    async def original():
        try:
            yield "one"
        finally:
            closed.append(True)

    async def consume():
        stream = limited_stream(agent, original)()
        await anext(stream)
        del stream
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(consume())
    assert closed == [True]


def test_a_consumer_that_stops_early_closes_the_backend(agent):
    closed = []

    async def original():
        try:
            while True:
                yield "more"
        finally:
            closed.append(True)

    async def consume():
        async with aclosing(limited_stream(agent, original)()) as stream:
            async for _ in stream:
                break

    asyncio.run(consume())
    assert closed == [True]


def test_an_agents_stream_inside_another_agents_turn_is_its_own(massgen, agent, spent):
    other = Agent("a1", "run1", GeminiProvider(), "gemini-2.5-flash", "gemini-2.5-flash", governor=None)

    async def inner():
        refuse(spent)
        yield "never"

    async def outer():
        async for chunk in limited_stream(other, inner)():
            yield chunk.status
        yield "goes on"

    assert drain(limited_stream(agent, outer)) == ["fatal", "goes on"]


@pytest.mark.parametrize(
    ("model", "answered"),
    [("gemini-2.5-flash", False), ("gemini-2.5-flash-image", True)],
    ids=["its own", "a tool's"],
)
@pytest.mark.usefixtures("massgen")
def test_only_a_refusal_of_its_own_model_ends_a_turn(shared, agent, spent, model, answered):
    async def original():
        shared.refused(ModelCall(Domain("gemini", "key"), (model,), model, model, {}), spent)
        yield "the tool failed"
        yield "the answer"

    chunks = drain(limited_stream(agent, original))
    if answered:
        assert chunks == ["the tool failed", "the answer"]
    else:
        assert_one_fatal(chunks, spent)


def refuse_first(error, calls=1):
    """What the gate does with a model call of the turn."""
    turn = current_turn.get()
    turn.calls += calls
    turn.refused = error
    raise error


def test_a_turn_whose_first_call_does_not_fit_begins_anew_with_the_model_that_may(massgen, agent):
    models = []

    async def original(messages, model=None):
        models.append(model)
        yield "starting"
        if model == "dear":
            refuse_first(CallRefused("spent", instead="cheap"))
        yield "answer"

    chunks = drain(lambda: limited_stream(agent, original)([], model="dear"))
    assert models == ["dear", "cheap"]
    assert chunks == ["starting", "starting", "answer"]


def test_it_begins_anew_once_and_never_after_an_answer(massgen, agent):
    error = CallRefused("spent", instead="cheap")
    models = []

    async def refused_again(model=None):
        models.append(model)
        refuse_first(error)
        yield "never"

    assert_one_fatal(drain(lambda: limited_stream(agent, refused_again)(model="dear")), error)
    assert models == ["dear", "cheap"]

    async def refused_late(model=None):
        yield "one"
        refuse_first(error, calls=2)

    first, *rest = drain(lambda: limited_stream(agent, refused_late)(model="dear"))
    assert first == "one"
    assert_one_fatal(rest, error)


def test_a_plugin_names_the_model_of_a_turn(massgen, agent):
    models = []

    async def original(model=None):
        models.append((model, current_turn.get().replacement))
        yield "answer"

    drain(lambda: limited_stream(agent, original, model_for=lambda _: "cheap")(model="dear"))
    drain(lambda: limited_stream(agent, original, model_for=lambda _: None)(model="dear"))
    assert models == [("cheap", "cheap"), ("dear", None)]
