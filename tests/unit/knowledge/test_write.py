from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.port import Message
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.write import Writing


class Speaker:
    """A chat model that says what it was given, piece by piece, and may then break."""

    name = "speaker"

    def __init__(self, *pieces: str, breaks: bool = False) -> None:
        self.pieces, self.breaks = pieces, breaks
        self.heard: Sequence[Message] = ()
        self.said = 0
        self.closed = False

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        temperature: float = 0.2,  # noqa: ARG002 (the port's signature)
        max_tokens: int | None = None,  # noqa: ARG002 (the port's signature)
    ) -> AsyncIterator[str]:
        self.heard = messages
        try:
            for piece in self.pieces:
                self.said += 1
                yield piece
            if self.breaks:
                raise ModelUnavailable("cut")
        finally:
            self.closed = True

    async def close(self) -> None:
        self.closed = True


TRUE = "公司成立于2016年5月。[3]"
ALSO_TRUE = "公司创始人为林国栋。[3]"
FALSE = "公司创始人是王小明。[3]"


async def test_only_supported_sentences_come_through(library: list[Passage]) -> None:
    speaker = Speaker(TRUE, FALSE, ALSO_TRUE)
    writing = Writing(speaker, "介绍公司", library)
    assert [statement.text async for statement in writing] == ["公司成立于2016年5月。", "公司创始人为林国栋。"]
    assert [verdict.unfounded for verdict in writing.cut] == [("王小明",)]
    assert writing.written.text == "公司成立于2016年5月。[1]公司创始人为林国栋。[1]"
    assert not writing.fell_through
    assert writing.failure is None
    assert speaker.closed
    assert "介绍公司" in speaker.heard[-1].content


@given(st.lists(st.integers(1, 20), max_size=20))
async def test_where_the_pieces_break_makes_no_difference(sizes: list[int]) -> None:
    text = "公司成立于2016年5月。公司成立于2019年。"
    passage = Passage("doc:1:0", "doc", "简介", "", "简介", "", text, 0, len(text), 0)
    whole = "公司成立于2016年5月。[1] 公司成立于2019年[1]。\n公司成立于2018年。 [1]"
    pieces: list[str] = []
    at = 0
    for size in [*sizes, len(whole)]:
        if whole[at : at + size]:
            pieces.append(whole[at : at + size])
        at += size
    writing = Writing(Speaker(*pieces), "公司何时成立", [passage])
    kept = [statement.text.strip() async for statement in writing]
    assert kept == ["公司成立于2016年5月。", "公司成立于2019年。"]
    assert len(writing.cut) == 1


async def test_a_sentence_comes_as_soon_as_the_next_begins(library: list[Passage]) -> None:
    speaker = Speaker("公司成立于2016年5月。", "[3]", "公司", "创始人为林国栋。[3]")
    async with aclosing(aiter(Writing(speaker, "介绍公司", library))) as statements:
        first = await anext(statements)
        assert first.citations
        assert speaker.said == 3
    assert speaker.closed


async def test_everything_cut_falls_through(library: list[Passage]) -> None:
    writing = Writing(Speaker("综上：\n", FALSE), "介绍公司", library)
    assert [statement.text async for statement in writing] == ["综上：\n"]
    assert writing.fell_through


@pytest.mark.parametrize("pieces", [(), (TRUE, "公司创始")])
async def test_a_model_that_breaks_is_told_of_not_raised(library: list[Passage], pieces: tuple[str, ...]) -> None:
    writing = Writing(Speaker(*pieces, breaks=True), "介绍公司", library)
    kept = [statement async for statement in writing]
    assert len(kept) == len(pieces[:1])
    assert writing.failure == "模型服务的回答中断"
    assert writing.fell_through == (not kept)


async def test_an_endless_answer_is_stopped(library: list[Passage]) -> None:
    speaker = Speaker(*["无休止的话" * 100] * 200)
    writing = Writing(speaker, "介绍公司", library)
    assert [statement async for statement in writing] == []
    assert speaker.said < 60
    assert speaker.closed


async def test_a_script_keeps_its_table_and_marks_inside_the_cells(library: list[Passage]) -> None:
    rows = "| 镜头 | 口播 |\n| --- | --- |\n| 1 | 保修期24个月[2] |\n| 2 | 销量突破9000万台 |\n"
    writing = Writing(Speaker(rows), "写脚本", library, mode="scripts_gen")
    async for _ in writing:
        pass
    assert writing.written.text == "| 镜头 | 口播 |\n| --- | --- |\n| 1 | 保修期24个月[1] |\n"
    assert len(writing.cut) == 1
