"""Reading notes out of whatever JSON a connector answers: lists and their items are found by their usual names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import orjson

from wenshu.core.external.port import MOST_CHARACTERS, Note, NotesFailed

_LISTS = ("items", "notes", "feeds", "results", "records", "list", "data", "result")
_CARDS = ("noteCard", "note_card", "note", "card")
_TITLES = ("title", "displayTitle", "display_title", "name")
_TEXTS = ("content", "desc", "description", "text", "body", "summary")
_LINKS = ("url", "link", "noteUrl", "note_url", "share_url")
_AUTHORS = ("author", "nickname", "user", "userName", "user_name")
_LONGEST_NAME = 100
_DEEPEST = 4


def notes_in(value: object, limit: int) -> list[Note]:
    """At most ``limit`` notes; NotesFailed where there is no list of anything to be found."""
    items = _items(value, _DEEPEST)
    if items is None:
        raise NotesFailed("garbage")
    notes: list[Note] = []
    for item in items:
        note = _note(item)
        if note and note not in notes:
            notes.append(note)
        if len(notes) >= limit:
            break
    return notes


def notes_in_text(text: str, limit: int) -> list[Note]:
    """The notes of a JSON text, or a text that is none as one note."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        note = _note(text)
        return [note] if note else []
    return notes_in(value, limit)


def _items(value: object, depth: int) -> Sequence[object] | None:
    if isinstance(value, list):
        return cast("list[object]", value)
    if not isinstance(value, dict) or not depth:
        return None
    fields = cast("dict[str, object]", value)
    for name in _LISTS:
        found = _items(fields.get(name), depth - 1)
        if found is not None:
            return found
    return None


def _note(item: object) -> Note | None:
    if isinstance(item, str):
        text = _clean(item)
        return Note("", text[:MOST_CHARACTERS]) if text else None
    if not isinstance(item, dict):
        return None
    layers = list(_layers(cast("dict[str, object]", item)))
    title, said = _first(layers, _TITLES), _first(layers, _TEXTS)
    text = said if not title or said.startswith(title) else f"{title}\n{said}".strip()
    if not text:
        return None
    url = _first(layers, _LINKS)
    link = url if url.startswith(("https://", "http://")) and len(url) <= MOST_CHARACTERS else ""
    return Note(title[:_LONGEST_NAME], text[:MOST_CHARACTERS], link, _first(layers, _AUTHORS)[:_LONGEST_NAME])


def _layers(item: dict[str, object]) -> Iterator[Mapping[str, object]]:
    """The item itself and the card inside it, the inner one first: that is where its words are."""
    for name in _CARDS:
        inner = item.get(name)
        if isinstance(inner, dict):
            yield cast("dict[str, object]", inner)
    yield item


def _first(layers: Sequence[Mapping[str, object]], names: Sequence[str]) -> str:
    for layer in layers:
        for name in names:
            value: Any = layer.get(name)
            if isinstance(value, dict):
                value = _first([cast("dict[str, object]", value)], ("nickname", "name", "text"))
            if isinstance(value, str) and value.strip():
                return _clean(value)
    return ""


def _clean(text: str) -> str:
    """The text without what no answer should carry: control characters but line feeds, halves of surrogate pairs."""
    kept = (char for char in text if char == "\n" or char.isprintable() or char == "\u3000")
    return "".join(kept).strip()
