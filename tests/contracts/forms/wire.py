"""What an outside caller sees of form extraction: its failures, and a receiver of webhooks."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx2 as httpx

CODES = {
    400: "TASK_INVALID_REQUEST",
    401: "AUTH_INVALID_TOKEN",
    403: "AUTH_FORBIDDEN",
    404: "TASK_NOT_FOUND",
    405: "TASK_METHOD_NOT_ALLOWED",
    409: "TASK_CONFLICT",
    413: "TASK_PAYLOAD_TOO_LARGE",
    415: "TASK_UNSUPPORTED_MEDIA_TYPE",
    429: "TASK_RATE_LIMITED",
}


def refused(response: httpx.Response, status: int) -> str:
    """Assert that the answer is a failure in the document's words; its message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"code", "message"}
    assert body["code"] == CODES[status]
    return body["message"]


@dataclass
class Receiver:
    """A server that takes webhooks; ``answers`` says with which status each is answered, by how many came before."""

    answers: Callable[[int], int] = lambda _number: 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hold: threading.Event | None = None

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                number = len(receiver.got)
                receiver.got.append((dict(self.headers), body))
                if receiver.hold is not None:
                    receiver.hold.wait(30)
                self.send_response(receiver.answers(number))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                del args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *fault: object) -> None:
        if self.hold is not None:
            self.hold.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"
