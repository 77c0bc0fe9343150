"""What the tests of the wire share: a server, a gate, the SDKs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import ModuleType

import pytest

from massgen_plugins import wire

from . import answers as all_answers
from .door import Door
from .sdks import SDKS
from .server import Server

THIRD_PARTY_WARNINGS = (
    "ignore:Inheritance class AiohttpClientSession:DeprecationWarning",  # google-genai
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",  # litellm
    "ignore:There is no current event loop:DeprecationWarning",  # litellm, at import
    "ignore:Pydantic serializer warnings:UserWarning",  # litellm
)


def pytest_collection_modifyitems(items):
    for item in items:
        if "/wire/" in item.nodeid:
            for warning in THIRD_PARTY_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def answers() -> ModuleType:
    return all_answers


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def new_gate() -> type[Door]:
    return Door


@pytest.fixture
def gate() -> Iterator[Door]:
    """An installed gate; a fault that the test does not expect fails it."""
    gate = Door()
    wire.install(gate)
    yield gate
    wire.uninstall()
    if not gate.faults_expected:
        for _, error in gate.faults:
            raise error


def pytest_generate_tests(metafunc):
    if "sdk" in metafunc.fixturenames:
        metafunc.parametrize("sdk", SDKS, ids=repr)
    if "streaming_sdk" in metafunc.fixturenames:
        metafunc.parametrize("streaming_sdk", [sdk for sdk in SDKS if sdk.stream], ids=repr)
