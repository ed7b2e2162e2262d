"""The peers' end of the pipe: commands come as lines of JSON, answers go the same way. Standard library only.

``{"prepare": setting}`` · ``{"take": [[tenant, title, text], …]}`` · ``{"add": true}`` → ``{"seconds"}``: all taken ·
``{"ask": [[tenant, question], …], "limit"}`` → ``{"ids": [[place among all added, …], …], "ms": […]}``
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

Row = tuple[str, str, str]


class Library(Protocol):
    """A peer under one setting."""

    def add(self, rows: Sequence[Row]) -> None:
        """Take in (tenant, title, text) rows behind those it has."""

    def search(self, tenant: str, question: str, limit: int) -> list[int]:
        """Places of the best rows, best first."""


def serve(make: Callable[[dict[str, Any]], Library]) -> None:
    """Answer commands until the pipe ends."""
    # What libraries print must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = make({})
    taken: list[Row] = []
    for line in sys.stdin:
        command = json.loads(line)
        answer: dict[str, Any] = {}
        if "prepare" in command:
            peer = make(command["prepare"])
        elif "take" in command:
            taken += [(tenant, title, text) for tenant, title, text in command["take"]]
        elif "add" in command:
            started = time.perf_counter()
            peer.add(taken)
            answer, taken = {"seconds": time.perf_counter() - started}, []
        else:
            answer = _asked(peer, command["ask"], command["limit"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _asked(peer: Library, questions: Sequence[tuple[str, str]], limit: int) -> dict[str, Any]:
    ids: list[list[int]] = []
    times: list[float] = []
    for tenant, question in questions:
        started = time.perf_counter()
        ids.append(peer.search(tenant, question, limit))
        times.append((time.perf_counter() - started) * 1000)
    return {"ids": ids, "ms": times}
