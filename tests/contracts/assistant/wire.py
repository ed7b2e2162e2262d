"""What an outside caller sees: failures in the family's dialect, events of a stream, paths of the two services."""

import json
import re
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx

LIBRARY = "/vector_db_service"
CHAT = "/chat_service"
_LEAKS = re.compile(r"Traceback|site-packages|\.py\b|/work/|/tmp/|/home/|/usr/|SELECT |sqlite|pydantic|<object|Error\b")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def succeeded(response: httpx.Response) -> Any:
    """The ``data`` of a success."""
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (200, "success", 200), response.text
    return body["data"]


def objection(response: httpx.Response, *statuses: int) -> str:
    """What is wrong with an answer that should be a failure with one of these statuses; empty where it is right."""
    seen = f"HTTP {response.status_code} {response.text[:200]!r}"
    if response.status_code not in statuses:
        return f"expected {statuses}, got {seen}"
    if response.headers.get("content-type") != "application/json" or not response.headers.get("x-trace-id"):
        return f"headers {dict(response.headers)}"
    if response.request.method == "HEAD":
        return ""
    body = response.json()
    envelope = {"status": "fail", "code": response.status_code, "msg": body.get("msg"), "data": ""}
    if {key: value for key, value in body.items() if key != "errors"} != envelope:
        return f"not the envelope: {seen}"
    if not isinstance(body["msg"], str) or not _CHINESE.search(body["msg"]) or len(body["msg"]) > 500:
        return f"no short Chinese message: {seen}"
    return f"the message leaks: {seen}" if _LEAKS.search(body["msg"]) else ""


def failed(response: httpx.Response, *statuses: int) -> str:
    """Assert that the answer is a failure in the family's dialect; its message."""
    assert not objection(response, *statuses)
    return response.json()["msg"]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream."""

    id: int
    data: dict[str, Any]


def events(text: str) -> list[Event]:
    """The events of a whole ``text/event-stream`` body, comments left out."""
    read: list[Event] = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if not lines:
            continue
        fields = dict(line.split(": ", 1) for line in lines)
        assert set(fields) == {"id", "data"}, block
        read.append(Event(int(fields["id"]), json.loads(fields["data"])))
    return read
