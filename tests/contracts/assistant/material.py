"""A loopback web server with documents to fetch, redirects, and a record of what it was asked."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import quote


class Material:
    """Use in a with block; ``asked`` grows with each request's path."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def document(self, name: str, body: str | bytes, media_type: str = "text/plain; charset=utf-8") -> str:
        """Serve a body under a name; its address."""
        data = body.encode() if isinstance(body, str) else body
        return self._serve(name, 200, {"Content-Type": media_type}, data)

    def redirect(self, name: str, target: str) -> str:
        """Serve a redirect; its address."""
        return self._serve(name, 302, {"Location": target}, b"")

    def _serve(self, name: str, status: int, headers: dict[str, str], body: bytes) -> str:
        path = f"/{quote(name)}"
        self._pages[path] = (status, headers, body)
        return self.url + path

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        material = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                material.asked.append(self.path)
                status, headers, body = material._pages.get(self.path, (404, {}, b"no such page"))
                self.send_response(status)
                for header, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(header, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler
