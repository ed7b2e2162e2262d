from collections.abc import Sequence
from dataclasses import replace

from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.knowledge.factbook import Known, Told
from wenshu.knowledge.facts import facts_of
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.suggest import candidates, suggest


def test_candidates_name_their_subject_and_differ_from_what_was_asked(library: list[Passage]) -> None:
    made = [suggestion.question for suggestion in candidates(library, "福建文枢科技有限公司是什么时候成立的？")]
    assert "云图X3的保修期是多少？" in made
    assert "厦门的门店数是多少？" in made
    assert "如何联系客服？" in made
    assert "福建文枢科技有限公司是什么时候成立的？" not in made
    assert len(made) == len(set(made))
    assert all(question.endswith("？") and len(question) <= 40 for question in made)


def test_every_candidate_names_the_passage_it_was_made_from(library: list[Passage]) -> None:
    for suggestion in candidates(library, "年假"):
        assert suggestion.passage in library


def test_two_wordings_of_one_question_are_one(shelf) -> None:
    passage = shelf.passage("氨碱法又称索尔维法。氨碱法又名氨碱制碱法。", "氨碱法", start=9)
    assert [one.question for one in candidates([passage], "能介绍一下氨碱法吗？")] == ["氨碱法又叫什么？"]
    assert candidates([passage], "氨碱法又可以叫什么？") == []


def test_pairs_that_are_near_come_first_and_others_in_their_turn(shelf) -> None:
    near = replace(shelf.passage("周一。", "几点开门？", kind="qa"), score=0.3)
    far = replace(shelf.passage("周二。", "有停车场吗？", kind="qa"), score=0.05)
    table = shelf.passage("保修期：24个月\n电池容量：5200mAh", "云图X3", start=5)
    made = [one.question for one in candidates([far, table, near], "云图X3的价格")]
    assert made == ["几点开门？", "有停车场吗？", "云图X3的保修期是多少？", "云图X3的电池容量是多少？"]


async def test_keeps_only_what_the_library_answers_from_that_source(library: list[Passage]) -> None:
    asked: list[str] = []

    async def find(question: str) -> Sequence[Passage]:
        asked.append(question)
        return [passage for passage in library if passage.title != "门店一览"]

    kept = await suggest("年假有几天", library, find, limit=3)
    assert len(kept) == 3
    assert not any("门店" in question for question in kept)
    assert len(asked) <= 12


async def test_gives_none_when_nothing_is_found(library: list[Passage]) -> None:
    async def find(question: str) -> Sequence[Passage]:  # noqa: ARG001 (the library is empty by now)
        return []

    assert await suggest("年假有几天", library, find) == []


def stated_in(passage, title):
    parsed = Parsed(passage.text, tuple(scan(passage.text)), "", "text/markdown")
    return [Told(Known(fact, 7, 0, title), passage) for fact in facts_of(title, parsed)]


async def test_what_else_is_stated_of_the_thing_is_suggested_where_the_library_says_it(shelf) -> None:
    text = "| 型号 | 目录价（元） | 保修期 | 备注 |\n|---|---|---|---|\n| LX-U20 | 618 | 5年 | 现货 |\n"
    passage = shelf.passage(text, "价目表", key="doc:7:0")
    facts = stated_in(passage, "价目表")
    other = replace(passage, text=text.replace("5年", "3年"))

    async def find(_: str) -> Sequence[Passage]:
        return [passage]

    async def changed(_: str) -> Sequence[Passage]:
        return [other]

    asked = "LX-U20的目录价是多少"
    assert await suggest(asked, [], find, facts=facts) == ["LX-U20的保修期是多少？"]
    assert await suggest(asked, [], changed, facts=facts) == []
