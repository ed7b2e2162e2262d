"""A cited passage in its place, whatever becomes of its source."""

from datetime import timedelta

import pytest

from libraries import Books, opened
from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Block, Parsed
from wenshu.kit import clock
from wenshu.knowledge.items import Pair
from wenshu.knowledge.sources import Cited, Sources, best_span

ACME, OTHER = Scope("acme"), Scope("other")
TEXT = "\n\n".join(
    f"第{n}节讲的是{name}的保养，{'细节从略，' * 50}完。" for n, name in enumerate(("水泵", "阀门", "管道"))
)


def parsed(text: str) -> Parsed:
    blocks, at = [], 0
    for part in text.split("\n\n"):
        blocks.append(Block("paragraph", at, at + len(part)))
        at += len(part) + 2
    return Parsed(text, tuple(blocks), "", "text/plain")


class Shelf:
    def __init__(self, books: Books) -> None:
        self.ingest, self.sources, self.searcher = books.ingest, Sources(books.catalog), books.searcher

    async def cited(self, question: str, collection: str = "DOC") -> Cited:
        (passage, *_) = await self.searcher.search(ACME, question, collection=collection, limit=1)
        return Cited(passage.key, passage.name, passage.text, passage.start, clock.now())


@pytest.fixture(params=["embedded", "file"])
async def shelf(request, tmp_path):
    async with opened(tmp_path, request.param) as books:
        made = Shelf(books)
        await made.ingest.replace_document(ACME, "手册.txt", "http://x", parsed(TEXT))
        await made.ingest.replace_pairs(ACME, [Pair("阀门多久换一次？", "阀门两年一换。")])
        yield made


async def test_it_stands_between_its_neighbours(shelf):
    cited = await shelf.cited("阀门的保养讲了什么")
    place = await shelf.sources.place(ACME, cited)
    assert (place.state, len(place.before), len(place.after)) == ("current", 1, 1)
    assert TEXT[place.before[0].start : place.before[0].end] == place.before[0].body
    assert place.before[0].end <= cited.start < place.after[0].start


@pytest.mark.parametrize(
    ("change", "state"),
    [("the same", "updated"), ("another", "replaced"), ("gone", "deleted"), ("gone and back", "updated")],
)
async def test_what_became_of_it_is_told(shelf, change, state):
    cited = await shelf.cited("阀门的保养讲了什么")
    if change.startswith("gone"):
        await shelf.ingest.replace_document(ACME, "别的.txt", "http://y", parsed("别的。"))
        await shelf.ingest.delete_documents(ACME, ["手册.txt"])
    if change != "gone":
        text = TEXT.replace("阀门", "闸门") if change == "another" else TEXT
        await shelf.ingest.replace_document(ACME, "手册.txt", "http://x", parsed(text))
    place = await shelf.sources.place(ACME, cited)
    assert place.state == state
    assert bool(place.before) == (state == "updated")
    assert (place.updated_at is None) == (state == "deleted")


async def test_a_key_that_another_document_took_over_is_not_mistaken(shelf):
    """SQLite gives the last key again once its row is gone."""
    cited = await shelf.cited("阀门的保养讲了什么")
    await shelf.ingest.delete_documents(ACME, ["手册.txt"])
    await shelf.ingest.replace_document(ACME, "别的.txt", "http://y", parsed(TEXT))
    assert (await shelf.sources.place(ACME, cited)).state == "deleted"


async def test_another_scope_sees_nothing(shelf):
    cited = await shelf.cited("阀门的保养讲了什么")
    await shelf.ingest.replace_document(OTHER, "手册.txt", "http://x", parsed(TEXT))
    assert (await shelf.sources.place(Scope("acme", "a1"), cited)).state == "deleted"
    assert await shelf.sources.piece(Scope("acme", "a1"), "手册.txt", 1) is None


async def test_pairs(shelf):
    cited = await shelf.cited("阀门多久换一次？", "QA")
    assert (await shelf.sources.place(ACME, cited)).state == "current"
    await shelf.ingest.replace_pairs(ACME, [Pair("阀门多久换一次？", "阀门两年一换。")])
    assert (await shelf.sources.place(ACME, cited)).state == "updated"
    await shelf.ingest.replace_pairs(ACME, [Pair("阀门多久换一次？", "阀门三年一换。")])
    assert (await shelf.sources.place(ACME, cited)).state == "replaced"
    await shelf.ingest.delete_pairs(ACME, ["阀门多久换一次？"])
    assert (await shelf.sources.place(ACME, cited)).state == "deleted"


async def test_what_is_kept_with_the_answer_alone(shelf):
    for key in ("upload:0:1", "external:3", ""):
        cited = Cited(key, "手册.txt", "甲", 0, clock.now() - timedelta(days=1))
        assert (await shelf.sources.place(ACME, cited)).state == "attached"


async def test_a_passage_by_name(shelf):
    piece = await shelf.sources.piece(ACME, "手册.txt", 1)
    assert "阀门" in piece.entry.body
    assert [entry.ordinal for entry in (*piece.place.before, *piece.place.after)] == [0, 2]
    span = best_span("哪一节讲阀门的保养？", piece.entry)
    assert "阀门" in TEXT[span.start : span.end]
    assert best_span("？", piece.entry) is None
    for name, ordinal in (("手册.txt", 3), ("没有.txt", 0)):
        assert await shelf.sources.piece(ACME, name, ordinal) is None
