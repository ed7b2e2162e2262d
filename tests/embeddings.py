"""An embeddings endpoint on loopback: texts by the things they speak of, whatever the words; it can be made to fail."""

import hashlib
import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import numpy as np

THINGS = (
    ("年假", "带薪休假", "歇几天"),
    ("报销", "垫的钱", "发票给财务"),
    ("保修", "坏了免费修", "质保"),
    ("总部", "大本营", "公司在哪"),
    ("工资", "薪水", "发钱"),
    ("辞职", "不干了", "离开公司"),
    ("打印机", "打文件的机器"),
    ("食堂", "吃饭的地方", "午饭"),
)
"""Each a thing and other words for it."""
DIMENSION = 64


def vector_of(text: str, dimension: int = DIMENSION) -> list[float]:
    """One axis a thing that the text speaks of, and a little of its own."""
    own = np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))
    vector = own.normal(size=dimension) * 0.3 / np.sqrt(dimension)
    for at, words in enumerate(THINGS):
        if any(word in text for word in words):
            vector[at] += 1
    return [float(number) for number in vector]


class Concepts:
    """The same without HTTP, as an ``Embedder``."""

    model = "concepts"

    def __init__(self, dimension: int = DIMENSION) -> None:
        self.dimension = dimension
        self.fault: Exception | None = None
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += texts
        if self.fault is not None:
            raise self.fault
        return [vector_of(text, self.dimension) for text in texts]

    async def close(self) -> None:
        """Nothing is open."""


class EmbeddingServer:
    """Use in a with block. ``down`` makes every call fail."""

    def __init__(self) -> None:
        self.down = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                data = [
                    {"object": "embedding", "index": at, "embedding": vector_of(text)}
                    for at, text in enumerate(asked["input"])
                ]
                body = json.dumps({"object": "list", "data": data, "model": asked["model"], "usage": {}}).encode()
                self.send_response(400 if served.down else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler
