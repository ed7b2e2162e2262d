from wenshu.knowledge.answer import Answer
from wenshu.knowledge.cite import Statement, attributed, cite, marked


def test_markers_are_numbered_by_first_use_over_passages(shelf) -> None:
    one, two = shelf.passage("甲乙丙", "一", start=10), shelf.passage("丁戊己", "二")
    said = Answer(
        (
            Statement("丁", (cite(two, 0, 1),)),
            Statement("甲丁", (cite(one, 0, 1), cite(two, 1, 2))),
            Statement("我们的话"),
            Statement("乙", (cite(one, 1, 2), cite(one, 2, 3))),
        )
    )
    assert said.text == "丁[1]\n甲丁[2][1]\n我们的话\n乙[2]"
    assert [(c.passage.key, c.start, c.quote) for c in said.cited()] == [(two.key, 0, "丁"), (one.key, 10, "甲")]


def test_markers_keep_line_ends_and_table_rows_whole(shelf) -> None:
    source = (cite(shelf.passage("甲"), 0, 1),)
    assert marked([Statement("好。\n\n", source), Statement("| 甲 | 乙 |\n", source)]) == [
        "好。[1]\n\n",
        "| 甲 | 乙[1] |\n",
    ]


def test_marks_of_a_beginning_are_a_beginning_of_the_marks(shelf) -> None:
    sources = [cite(shelf.passage("甲乙", str(number)), 0, 1) for number in range(3)]
    statements = [Statement(str(at), (sources[at % 3],)) for at in range(5)]
    assert marked(statements)[:2] == marked(statements[:2])


def test_a_pronoun_gets_the_title_in_front() -> None:
    assert attributed("他生于1900年。", "王小明") == "王小明：他生于1900年。"
    assert attributed("王小明生于1900年。", "王小明") == "王小明生于1900年。"
    assert attributed("其王小明也。", "王小明") == "其王小明也。"
    assert attributed("他来了。", "") == "他来了。"
    assert attributed("他来了。", "很" * 21) == "他来了。"
