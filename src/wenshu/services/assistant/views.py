"""The view of a source: a passage between its neighbours, what to mark in it, and whether it still stands so."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from wenshu.core.index.port import Entry
from wenshu.core.storage.links import Links
from wenshu.kit import clock
from wenshu.knowledge.nearest import NOT_AN_ANSWER
from wenshu.knowledge.sources import Place, State

_NOTICES: dict[State, str] = {
    "current": "",
    "updated": "该来源在回答之后重新入库，这段原文没有变化",
    "replaced": "该来源在回答之后已更新，以下为回答当时的原文",
    "deleted": "该来源在回答之后已删除，以下为回答当时的原文",
    "attached": "",
}


class Neighbour(BaseModel):
    """What stands next to the passage; ``start`` and ``end`` are offsets in the source's whole text."""

    text: str
    heading: str
    page: int | None
    start: int
    end: int
    chunk_index: int


class Mark(BaseModel):
    """A span to mark, as offsets in the source's whole text, and what it says."""

    start: int
    end: int
    quote: str


class SourceView(BaseModel):
    """A passage in its place."""

    marker: int | None
    kind: Literal["doc", "qa", "upload", "external"]
    name: str
    url: str
    heading: str
    page: int | None
    text: str
    start: int
    end: int
    spans: list[Mark]
    before: list[Neighbour]
    after: list[Neighbour]
    state: State = Field(
        description="current 未变，updated 重新入库、原文未变，replaced 已更新，deleted 已删除，attached 随回答保存"
    )
    changed: bool = Field(description="回答之后来源是否变过 Whether the source has changed since")
    updated_at: str | None
    notice: str


class NearPassage(BaseModel):
    """A passage that comes near the question: ``text`` is a part of it, at ``start`` to ``end`` of the whole source."""

    kind: Literal["doc", "qa", "upload", "external"]
    name: str
    url: str
    heading: str
    page: int | None
    chunk_index: int
    text: str
    start: int
    end: int
    score: float


class Nearest(BaseModel):
    """What stands nearest to a question without an answer; ``notice`` says that it is none."""

    notice: str
    passages: list[NearPassage]


def nearest_view(kept: Sequence[dict[str, Any]] | None, links: Links) -> dict[str, Any] | None:
    """The passages as an answer keeps them, their links signed anew; None where there are none."""
    if not kept:
        return None
    passages = [{**passage, "url": links.signed(passage["url"])} for passage in kept]
    return {"notice": NOT_AN_ANSWER, "passages": passages}


def source_view(cited: dict[str, Any], url: str, place: Place, zone: ZoneInfo) -> SourceView:
    """The view of a passage as a citation keeps it."""
    start: int = cited["text_start"]
    # Of uploads and notes nothing but the answer is kept: it brought the neighbours along.
    kept = [Neighbour.model_validate(one) for one in cited.get("neighbours") or ()] if place.state == "attached" else []
    return SourceView(
        marker=cited.get("marker"),
        kind=cited["kind"],
        name=cited["name"],
        url=url,
        heading=cited["heading"],
        page=cited["page"],
        text=cited["text"],
        start=start,
        end=start + len(cited["text"]),
        spans=_marks(cited),
        before=[*_neighbours(place.before), *(one for one in kept if one.start < start)],
        after=[*_neighbours(place.after), *(one for one in kept if one.start > start)],
        state=place.state,
        changed=place.state not in {"current", "attached"},
        updated_at=clock.local_text(place.updated_at, zone) if place.updated_at else None,
        notice=_NOTICES[place.state],
    )


def _marks(cited: dict[str, Any]) -> list[Mark]:
    spans: Iterable[dict[str, Any]] = cited.get("spans") or ()
    return [Mark(start=span["start"], end=span["end"], quote=span["quote"]) for span in spans]


def _neighbours(entries: Sequence[Entry]) -> list[Neighbour]:
    return [
        Neighbour(
            text=entry.body,
            heading=entry.heading,
            page=entry.page,
            start=entry.start,
            end=entry.end,
            chunk_index=entry.ordinal,
        )
        for entry in entries
    ]
