from collections.abc import Sequence

from wenshu.knowledge.passage import Passage
from wenshu.knowledge.suggest import candidates, suggest


def test_candidates_name_their_subject_and_differ_from_what_was_asked(library: list[Passage]) -> None:
    made = [suggestion.question for suggestion in candidates(library, "福建文枢科技有限公司是什么时候成立的？")]
    assert "云图X3的保修期是多少？" in made
    assert "厦门的负责人是谁？" in made
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
