"""A door before an S3 server that can be shut on its answers: what was sent has arrived, and nobody hears of it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit


class Gate:
    """Passes bytes both ways; while it is shut, what comes back from the server waits."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._server = (parts.hostname, parts.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open = threading.Event()
        self._open.set()
        self.reached = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self) -> None:
        """From now on nobody hears an answer; ``reached`` is set once one waits."""
        self.reached.clear()
        self._open.clear()

    def open(self) -> None:
        """Let out what waits, and everything after it."""
        self._open.set()

    def close(self) -> None:
        self.open()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._server)
                threading.Thread(target=self._pass, args=(client, server, None), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, self._open), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, door: threading.Event | None) -> None:
        with suppress(OSError), closing(source), closing(target):
            while piece := source.recv(65_536):
                if door is not None and not door.is_set():
                    self.reached.set()
                    door.wait()
                target.sendall(piece)


@contextmanager
def gate(endpoint: str) -> Iterator[Gate]:
    """A door before the server at this address, for the length of the block."""
    made = Gate(endpoint)
    try:
        yield made
    finally:
        made.close()
