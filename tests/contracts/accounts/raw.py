"""Requests byte by byte, as no client library sends them."""

import socket
from urllib.parse import urlsplit


def exchange(url: str, request: bytes) -> bytes:
    """Everything that the server sends back until it closes or falls silent."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    received = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        sock.sendall(request)
        sock.settimeout(2)
        try:
            while piece := sock.recv(65536):
                received += piece
        except (TimeoutError, ConnectionError):
            return received
    return received


def statuses(received: bytes) -> list[int]:
    """The status of each answer in it, in order."""
    lines = received.split(b"\r\n")
    return [int(line.split(b" ")[1]) for line in lines if line.startswith(b"HTTP/1.1 ")]
