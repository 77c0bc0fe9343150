"""A proxy through which the real hosts' names lead to a sandbox, over TLS with an authority of its own.

Programs that can be pointed nowhere by their users are tried as they are: HTTPS_PROXY, and SSL_CERT_FILE.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["Front"]

_NEVER = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Front:
    """Leads ``hosts`` to the sandbox at ``url``, under paths that name them; refuses all others.

    ``plain``: first lines of requests that were sent to it unencrypted, which no program may ever do.
    """

    def __init__(self, folder: Path, url: str, hosts: tuple[str, ...]) -> None:
        self.plain: list[str] = []
        self.asked: list[str] = []
        self._target = url.removeprefix("http://").split(":")
        self._hosts = hosts
        self.authority = folder / "authority.pem"
        self._context = _context(folder, hosts)
        self._started: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program go through it."""
        proxy = f"http://127.0.0.1:{self._port}"
        return {
            "HTTPS_PROXY": proxy,
            "HTTP_PROXY": proxy,
            "SSL_CERT_FILE": str(self.authority),
            "CODEX_CA_CERTIFICATE": str(self.authority),
        }

    def __enter__(self) -> Self:
        self._thread.start()
        self._port = self._started.result(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self._started.set_result(server.sockets[0].getsockname()[1])
            await self._stop.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target = head.split()[:2]
            host = target.partition(":")[0]
            self.asked.append(host)
            if method != "CONNECT":
                self.plain.append(head.splitlines()[0])
            if method != "CONNECT" or host not in self._hosts:
                writer.write(_NEVER.encode())
                return
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await writer.start_tls(self._context)
            await self._pass(host, reader, writer)
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _pass(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, with the host's name before its path, on a connection that is closed after it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, version = head[0].split(" ")
        lines = [line for line in head[1:-2] if not line.lower().startswith("connection:")]
        there, here = await asyncio.open_connection(*self._target)
        begin = [f"{method} /{host}{path} {version}", *lines, "Connection: close", "", ""]
        here.write("\r\n".join(begin).encode("latin-1"))
        forth = asyncio.create_task(_copy(reader, here))
        try:
            await _copy(there, writer)
        finally:  # the program may be gone
            forth.cancel()
            here.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()


def _context(folder: Path, hosts: tuple[str, ...]) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("the tests' authority", None, authority_key.public_key(), authority_key)
    certificate = _certificate(hosts[0], hosts, key.public_key(), authority_key)
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    file = folder / "front.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _certificate(name, hosts, public_key, signing_key):
    now = dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the tests' authority")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=hosts is None, path_length=None), critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signing_key, hashes.SHA256())
