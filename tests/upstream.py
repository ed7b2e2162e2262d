"""A chat model's endpoint on loopback that plays a list of turns, one a request: answers, tool calls, and faults."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Turn = Callable[["Asked"], None]
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


class Asked:
    """One request, and how to answer it."""

    def __init__(self, upstream: "Upstream", handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        self.upstream = upstream
        self.handler = handler
        self.body = body
        self.headers = dict(handler.headers)
        self.path = handler.path

    def begin(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        self.handler.send_response(status)
        self.handler.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()

    def write(self, data: bytes) -> None:
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def event(self, delta: dict[str, Any], finish: str | None = None) -> None:
        self.write(sse({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))


class Upstream:
    """Use in a with block. ``turns`` are played one a request, the last one again and again."""

    def __init__(self, *turns: Turn) -> None:
        self.turns = list(turns) or [saying("你", "好", "！")]
        self.asked: list[Asked] = []
        self.abandoned = threading.Event()
        """A client went while its answer was being written."""
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def last(self) -> dict[str, Any]:
        """The last request's body."""
        return self.asked[-1].body

    def setting(self, name: str = "fake", *models: str, **more: Any) -> dict[str, Any]:
        """This endpoint as one of ``WENSHU_GATEWAY_UPSTREAMS``."""
        return {"name": name, "url": self.url, "api_key": "sk-upstream", "models": list(models or ("m-1",)), **more}

    def play(self, *turns: Turn) -> None:
        """From now on these turns; what was asked before is forgotten."""
        self.turns = list(turns)
        self.asked = []
        self.abandoned.clear()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(served, self, json.loads(body or b"{}"))
                served.asked.append(asked)
                turn = served.turns.pop(0) if len(served.turns) > 1 else served.turns[0]
                try:
                    turn(asked)
                except (BrokenPipeError, ConnectionResetError):
                    served.abandoned.set()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


def sse(payload: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()


def saying(*texts: str, finish: str = "stop", usage: dict[str, int] | None = USAGE) -> Turn:
    """A whole streamed answer."""

    def turn(asked: Asked) -> None:
        asked.begin()
        for text in texts:
            asked.event({"content": text})
        asked.event({}, finish)
        if usage is not None:
            asked.write(sse({"choices": [], "usage": usage}))
        asked.write(b"data: [DONE]\n\n")

    return turn


def calling(name: str, *arguments: str) -> Turn:
    """A function call, its arguments in parts."""

    def turn(asked: Asked) -> None:
        asked.begin()
        head = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
        asked.event({"role": "assistant", "content": None, "tool_calls": [head]})
        for part in arguments:
            asked.event({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})
        asked.event({}, "tool_calls")
        asked.write(sse({"choices": [], "usage": USAGE}))
        asked.write(b"data: [DONE]\n\n")

    return turn


def refusing(status: int, **headers: str) -> Turn:
    """An error that echoes a key, as vendors' do."""

    def turn(asked: Asked) -> None:
        asked.begin(status, "application/json", **headers)
        asked.write(b'{"error":{"message":"bad key sk-upstream"}}')

    return turn


def hanging(*texts: str) -> Turn:
    """These pieces, then nothing until the client goes or the test ends."""

    def turn(asked: Asked) -> None:
        if texts:
            asked.begin()
            for text in texts:
                asked.event({"content": text})
        asked.upstream.closing.wait(60)

    return turn


def cut(*texts: str) -> Turn:
    """These pieces, then the connection ends."""

    def turn(asked: Asked) -> None:
        asked.begin()
        for text in texts:
            asked.event({"content": text})

    return turn


def dripping(seconds: float = 0.02) -> Turn:
    """A piece every so often, until the client goes."""

    def turn(asked: Asked) -> None:
        asked.begin()
        while not asked.upstream.closing.wait(seconds):
            asked.event({"content": "滴"})

    return turn


def raw(data: bytes, kind: str = "text/event-stream") -> Turn:
    """Just these bytes."""

    def turn(asked: Asked) -> None:
        asked.begin(200, kind)
        asked.write(data)

    return turn
