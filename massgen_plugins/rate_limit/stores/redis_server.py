"""Address and credentials of a Redis server, from the settings and the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from massgen_plugins.errors import StoreUnavailable

__all__ = ["CA_VARIABLE", "PASSWORD_VARIABLE", "USERNAME_VARIABLE", "RedisServer"]

USERNAME_VARIABLE = "MASSGEN_RATE_LIMIT_REDIS_USERNAME"
PASSWORD_VARIABLE = "MASSGEN_RATE_LIMIT_REDIS_PASSWORD"  # noqa: S105 - its name
CA_VARIABLE = "MASSGEN_RATE_LIMIT_REDIS_CA"
"""CA certificates (PEM file) for ``rediss://`` servers; default: the system's."""

_PORT = 6379


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A server, and one of its databases.

    Attributes:
        host: Host name or IP address.
        port: TCP port.
        database: Number of the database.
        tls: Whether the connection is encrypted.
        username: Empty for the server's default user.
        password: Empty for none. Not shown by ``repr``.
        ca_file: CA certificates to trust instead of the system's; empty for the system's.
    """

    host: str
    port: int = _PORT
    database: int = 0
    tls: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"redis{'s' if self.tls else ''}://{host}:{self.port}/{self.database}"

    @classmethod
    def parse(cls, url: str, environment: Mapping[str, str] | None = None) -> RedisServer:
        """Parse ``redis://host:port/database``, which the settings have checked.

        Raises:
            StoreUnavailable: It is invalid; the message does not show it.
        """
        environment = os.environ if environment is None else environment
        try:
            parts = urlsplit(url)
            port = parts.port or _PORT
            database = int(parts.path.strip("/") or 0)
        except ValueError:
            raise StoreUnavailable(
                "The address of the Redis server is not redis://host:port/number."
            ) from None
        return cls(
            host=unquote(parts.hostname or "localhost"),
            port=port,
            database=database,
            tls=parts.scheme == "rediss",
            username=environment.get(USERNAME_VARIABLE, ""),
            password=environment.get(PASSWORD_VARIABLE, ""),
            ca_file=environment.get(CA_VARIABLE, ""),
        )

    def options(self) -> dict[str, Any]:
        """Keyword arguments for ``redis.Redis``."""
        options = {
            "host": self.host,
            "port": self.port,
            "db": self.database,
            "username": self.username or None,
            "password": self.password or None,
        }
        if self.tls:
            options |= {"ssl": True, "ssl_check_hostname": True, "ssl_ca_certs": self.ca_file or None}
        return options
