"""What lies outside the server: an address to fetch documents from and a chat model, both stoppable at a point."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

WAIT_SECONDS = 60


class Gate:
    """A point where a sender waits; tests see it reached, and let it pass."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()

    def hold(self) -> None:
        self._reached.set()
        self._opened.wait(WAIT_SECONDS)

    def open(self) -> None:
        self._opened.set()

    def wait_until_reached(self) -> None:
        assert self._reached.wait(WAIT_SECONDS), "nobody came to this point"


class DocServer:
    """Documents by name; a gate holds an answer before its headers or amid its body."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._bodies: dict[str, bytes] = {}
        self._gates: dict[str, tuple[Gate, int]] = {}
        self.asked: Counter[str] = Counter()

    def put(self, name: str, text: str) -> str:
        """The address of the document."""
        self._bodies[name] = text.encode()
        return f"http://127.0.0.1:{self._port}/{name}"

    def stop_at(self, name: str, share: float) -> Gate:
        """Hold the answer after this share of the body; below 0, before the headers."""
        gate = Gate()
        self._gates[name] = gate, int(share * len(self._bodies[name]))
        return gate

    def open_all(self) -> None:
        for gate, _ in self._gates.values():
            gate.open()

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        name = unquote(handler.path.strip("/"))
        self.asked[name] += 1
        body = self._bodies[name]
        gate, at = self._gates.get(name, (None, 0))
        if gate and at < 0:
            gate.hold()
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if gate and at >= 0:
            handler.wfile.write(body[:at])
            gate.hold()
            body = body[at:]
        handler.wfile.write(body)


class ModelServer:
    """An OpenAI-compatible endpoint that says ``pieces``; a gate holds it before the piece of that number."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.pieces: list[str] = []
        self.asked = 0
        self.left = 0
        self.heard: list[list[dict]] = []
        self._gate: tuple[Gate, int] | None = None

    def stop_at(self, piece: int) -> Gate:
        gate = Gate()
        self._gate = gate, piece
        return gate

    def free(self) -> None:
        """No gate for the next ones; whoever waits goes on waiting."""
        self._gate = None

    def go_on(self) -> None:
        """No gate from now on, and whoever waits at one goes on."""
        if self._gate:
            self._gate[0].open()
        self._gate = None

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.heard.append(body["messages"])
        self.asked += 1
        gate, at = self._gate or (None, -1)
        if gate and at < 0:
            gate.hold()
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for number, piece in enumerate([*self.pieces, None]):
            if gate and number == at:
                gate.hold()
            event = "[DONE]" if piece is None else json.dumps({"choices": [{"index": 0, "delta": {"content": piece}}]})
            try:
                handler.wfile.write(f"data: {event}\n\n".encode())
                handler.wfile.flush()
            except OSError:
                self.left += 1
                raise


@contextmanager
def doc_server() -> Iterator[DocServer]:
    with _serving(DocServer) as server:
        yield server
        server.open_all()


@contextmanager
def model_server() -> Iterator[ModelServer]:
    with _serving(ModelServer) as server:
        yield server
        server.go_on()


@contextmanager
def _serving(kind):
    class Handler(BaseHTTPRequestHandler):
        def _respond(self):
            try:
                outside.respond(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the other side was killed: what these tests do

        do_GET = do_POST = _respond  # noqa: N815 (the standard library calls them so)

        def log_message(self, *_):
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """The killed side's resets, once more."""

    with Server(("127.0.0.1", 0), Handler) as listener:
        outside = kind(listener.server_address[1])
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield outside
        finally:
            listener.shutdown()
            thread.join()
