"""An encrypted connection, with a certificate that only the test knows.

The servers that come in wheels speak no TLS, so a plain one stands behind a few lines that do.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.redis_server import CA_VARIABLE
from massgen_plugins.rate_limit.stores.redis_server import RedisServer as Address
from massgen_plugins.rate_limit.stores.redis_store import RedisStore
from massgen_plugins.testing.contract import Stand
from massgen_plugins.testing.contract.stand import ONE, per_minute
from tests.rate_limit.stores.redis.server import RedisServer


def make_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    return path


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()


@pytest.fixture
def encrypted(server: RedisServer, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A port that speaks TLS, and the certificate."""
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ready, ports = threading.Event(), []
    loop = asyncio.new_event_loop()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))

    async def serve() -> None:
        listener = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=context)
        ports.append(listener.sockets[0].getsockname()[1])
        ready.set()
        await listener.serve_forever()

    def main() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(serve())
        loop.run_forever()
        task.cancel()
        for each in asyncio.all_tasks(loop):
            each.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=main)
    thread.start()
    assert ready.wait(10)
    yield ports[0], certificate
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def test_everything_works_over_tls(encrypted: tuple[int, Path]) -> None:
    port, certificate = encrypted
    address = Address.parse(f"rediss://127.0.0.1:{port}/0", {CA_VARIABLE: str(certificate)})
    store = RedisStore(address)

    stand = Stand(store, lambda _: None)
    stand.configure(per_minute(5))
    assert stand.granted(*[ONE] * 7) == 5
    assert stand.used() == [5]
    assert store.description == f"rediss://127.0.0.1:{port}/0"


@pytest.mark.parametrize("trusted", ["", "missing.pem"])
def test_a_certificate_that_nobody_vouches_for_is_refused(encrypted: tuple[int, Path], trusted: str) -> None:
    address = Address.parse(f"rediss://127.0.0.1:{encrypted[0]}/0", {CA_VARIABLE: trusted})
    with pytest.raises(StoreUnavailable, match=r"rediss://127\.0\.0\.1"):
        RedisStore(address).domains()
    with pytest.raises(StoreUnavailable, match=r"rediss://127\.0\.0\.1"):
        RedisStore(address).load("domain", 0)
