from wenshu.knowledge.answer import answer
from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.reply import Reply
from wenshu.knowledge.telling import Telling
from wenshu.knowledge.write import Written


def test_what_grows_is_told_piece_by_piece(library) -> None:
    pieces: list[str] = []
    telling = Telling(pieces.append)
    said = [
        Statement("综上："),
        Statement("甲。", (cite(library[0], 0, 4),)),
        Statement("乙。", (cite(library[1], 0, 4),)),
    ]
    for end in (2, 2, 3):
        telling.tell(Written(tuple(said[:end])))
    assert pieces == ["综上：", "甲。[1]", "乙。[2]"]
    reply = Reply.cut_short(telling)
    assert (reply.text, reply.stopped, reply.notices) == ("综上：甲。[1]乙。[2]", True, ["已停止"])
    assert [citation["key"] for citation in reply.citations] == [library[0].key, library[1].key]


def test_a_refusal_is_told_too() -> None:
    pieces: list[str] = []
    telling = Telling(pieces.append)
    telling.tell(answer("火星基地的负责人是谁？", []))
    assert pieces == [Reply.of(telling).text]


def test_nothing_said_is_an_empty_answer() -> None:
    reply = Reply.cut_short(Telling(lambda _: None))
    assert (reply.text, reply.citations, reply.sources, reply.stopped) == ("", [], [], True)
