"""A provider that refuses everything, as the provider of a wrong key or a wrong model does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MISSING = "does not exist or you do not have access to it"


class Refuses(BaseHTTPRequestHandler):
    """Answers everything with the status that its path begins with."""

    def do_POST(self) -> None:
        """Refuse."""
        self.rfile.read(int(self.headers.get("content-length") or 0))
        status = int(self.path.split("/")[1])
        message = {401: "Incorrect API key provided.", 404: f"The model `nope-1` {MISSING}."}.get(
            status, "No."
        )
        state = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}.get(status, "UNKNOWN")
        body = json.dumps({"error": {"code": status, "message": message, "status": state}}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def refusing_provider() -> Iterator[str]:
    """Its address; the status to refuse with is the first part of the path: ``ADDRESS/401``."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
