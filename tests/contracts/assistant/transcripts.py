"""Transcripts: exchanges kept as data, with ``<kind>`` for what differs each time and ``{name}`` for what was kept."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
from openpyxl import Workbook

from contracts.assistant.wire import events

FOLDER = Path(__file__).parent / "transcripts"
_KINDS = {
    "id": r"[0-9a-f]{32}",
    "time": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "hash": r"[0-9a-f]{64}",
    "uuid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "utc": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "iso": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "key": r"wsk_[0-9a-f]{12}_[\w-]{43}",
    "jwt": r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{86}",
    "refresh": r"wsr_[\w-]{43}",
    "text": r"(?s).*\S.*",
    "string": r"(?s).*",
    "link": r"http://127\.0\.0\.1:\d+/files/[0-9a-f]{32}/[^/?]+\?expires=\d+&signature=[0-9a-f]{64}",
}
_TYPES: dict[str, type] = {"strings": str, "objects": dict}


@dataclass
class Replay:
    """Replays steps against a client; ``kept`` holds the values that later steps name."""

    client: httpx.Client
    kept: dict[str, Any]

    def objections(self, steps: list[dict[str, Any]]) -> Iterator[str]:
        """What differs from the transcript, step by step."""
        for step in steps:
            for fault in self._step(self._filled(step["request"]), step["response"]):
                yield f"{step['name']}: {fault}"

    def _step(self, request: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
        response = self.client.request(request.pop("method"), request.pop("path"), **_options(request))
        if response.status_code != expected["status"]:
            yield f"HTTP {response.status_code} instead of {expected['status']}: {response.text[:300]}"
            return
        for name, value in expected["headers"].items():
            yield from differences(value, response.headers.get(name), name)
        actual = self._body(response)
        if "body" in expected:
            wanted = self._filled(expected["body"])
            if set(wanted) != set(actual):
                yield f"the envelope has {sorted(actual)}"
            yield from differences(wanted, actual, "body")
        if "events" in expected:
            yield from _stream_differences(self._filled(expected["events"]), actual)
            actual = actual[-1].data
        for name, path in expected.get("keep", {}).items():
            self.kept[name] = _at(actual, path)

    @staticmethod
    def _body(response: httpx.Response) -> Any:
        kind = response.headers["content-type"]
        if kind.startswith("text/event-stream"):
            return events(response.text)
        if kind != "application/json":
            return response.content
        assert "\\u" not in response.text, "Chinese is escaped"
        return response.json()

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda match: str(self.kept[match[1]]), value)
        return value


def differences(expected: Any, actual: Any, path: str) -> Iterator[str]:
    """Where ``actual`` is not as ``expected`` says; objects may hold further fields, lists no further items."""
    if isinstance(expected, str) and re.fullmatch(r"<\w+>", expected):
        if not _is_kind(expected[1:-1], actual):
            yield f"{path} is {actual!r}, not {expected}"
    elif isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key in actual:
                yield from differences(value, actual[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is missing"
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for at, value in enumerate(expected):
            yield from differences(value, actual[at], f"{path}[{at}]")
    elif expected != actual or type(expected) is not type(actual):
        yield f"{path} is {actual!r}, not {expected!r}"


def read_all(folder: Path = FOLDER) -> dict[str, list[dict[str, Any]]]:
    """The steps of each transcript in the folder, by its name."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def workbook(rows: list[list[str]]) -> bytes:
    """An .xlsx file of one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _is_kind(kind: str, value: Any) -> bool:
    if kind in _KINDS:
        return isinstance(value, str) and re.fullmatch(_KINDS[kind], value) is not None
    if kind in _TYPES:
        return isinstance(value, list) and all(isinstance(item, _TYPES[kind]) for item in value)
    if kind == "any":
        return True
    if kind == "int":
        return type(value) is int
    assert kind == "score", f"unknown kind {kind}"
    return type(value) is float and 0 <= value <= 1


def _stream_differences(expected: Mapping[str, Any], actual: list[Any]) -> Iterator[str]:
    *pieces, last = [event.data for event in actual]
    if not pieces:
        yield "no pieces before the last event"
    for piece in pieces:
        if set(piece) != set(expected["piece"]):
            yield f"a piece has {sorted(piece)}"
        yield from differences(expected["piece"], piece, "piece")
    yield from differences(expected["last"], last, "last")


def _options(request: dict[str, Any]) -> dict[str, Any]:
    """A transcript's words for a request → httpx's."""
    if "files" in request:
        request["files"] = [(file["field"], (file["name"], _content(file))) for file in request["files"]]
    return {{"query": "params", "form": "data"}.get(name, name): value for name, value in request.items()}


def _content(file: dict[str, Any]) -> bytes:
    return workbook(file["rows"]) if "rows" in file else file["text"].encode()


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value
