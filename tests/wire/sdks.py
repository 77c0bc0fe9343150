"""The ways in which real SDKs ask a model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sdk:
    """One way in which an SDK asks a model; ``ask`` returns the text of the answer."""

    name: str
    ask: Callable[[str], str]
    stream: bool = False
    httpx_like: bool = True

    def __repr__(self) -> str:
        return self.name


def _google(url: str, **options: Any):
    from google import genai

    return genai.Client(api_key="key", http_options={"base_url": url, **options})


async def google_async(url: str, **options: Any) -> str:
    async with _google(url, **options).aio as client:
        return (await client.models.generate_content(model="gemini-2.5-flash", contents="hi")).text


async def google_async_stream(url: str, **options: Any) -> str:
    async with _google(url, **options).aio as client:
        chunks = await client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
        return "".join([chunk.text async for chunk in chunks])


def google_sync(url: str, **options: Any) -> str:
    with _google(url, **options) as client:
        return client.models.generate_content(model="gemini-2.5-flash", contents="hi").text


def google_sync_stream(url: str, **options: Any) -> str:
    with _google(url, **options) as client:
        chunks = client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
        return "".join(chunk.text for chunk in chunks)


MESSAGES = [{"role": "user", "content": "hi"}]


async def openai_async(url: str) -> str:
    import openai

    async with openai.AsyncOpenAI(api_key="key", base_url=f"{url}/v1") as client:
        return (await client.chat.completions.create(model="m", messages=MESSAGES)).choices[0].message.content


async def openai_async_stream(url: str) -> str:
    import openai

    async with openai.AsyncOpenAI(api_key="key", base_url=f"{url}/v1") as client:
        chunks = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        return "".join([chunk.choices[0].delta.content async for chunk in chunks])


def openai_sync(url: str) -> str:
    import openai

    with openai.OpenAI(api_key="key", base_url=f"{url}/v1") as client:
        return client.chat.completions.create(model="m", messages=MESSAGES).choices[0].message.content


def openai_sync_stream(url: str) -> str:
    import openai

    with openai.OpenAI(api_key="key", base_url=f"{url}/v1") as client:
        chunks = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        return "".join(chunk.choices[0].delta.content for chunk in chunks)


async def anthropic_async(url: str) -> str:
    import anthropic

    async with anthropic.AsyncAnthropic(api_key="key", base_url=url) as client:
        return (await client.messages.create(model="m", max_tokens=9, messages=MESSAGES)).content[0].text


async def anthropic_async_stream(url: str) -> str:
    import anthropic

    async with (
        anthropic.AsyncAnthropic(api_key="key", base_url=url) as client,
        client.messages.stream(model="m", max_tokens=9, messages=MESSAGES) as stream,
    ):
        return "".join([text async for text in stream.text_stream])


def anthropic_sync(url: str) -> str:
    import anthropic

    with anthropic.Anthropic(api_key="key", base_url=url) as client:
        return client.messages.create(model="m", max_tokens=9, messages=MESSAGES).content[0].text


def _asynchronous(name: str, ask: Callable[..., Awaitable[str]], **traits: Any) -> Sdk:
    return Sdk(name, lambda url, **options: asyncio.run(ask(url, **options)), **traits)


SDKS = [
    _asynchronous("google_async", google_async, httpx_like=False),
    _asynchronous("google_async_stream", google_async_stream, stream=True, httpx_like=False),
    Sdk("google_sync", google_sync),
    Sdk("google_sync_stream", google_sync_stream, stream=True),
    _asynchronous("openai_async", openai_async),
    _asynchronous("openai_async_stream", openai_async_stream, stream=True),
    Sdk("openai_sync", openai_sync),
    Sdk("openai_sync_stream", openai_sync_stream, stream=True),
    _asynchronous("anthropic_async", anthropic_async),
    _asynchronous("anthropic_async_stream", anthropic_async_stream, stream=True),
    Sdk("anthropic_sync", anthropic_sync),
]
