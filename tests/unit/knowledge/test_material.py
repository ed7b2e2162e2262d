import pytest

from wenshu.knowledge.material import facts, subject_of


@pytest.mark.parametrize(
    ("request_", "subject"),
    [
        ("帮我写一个关于年假制度的口播脚本", "年假制度"),
        ("给新款摄像机出5个抖音爆款选题", "新款摄像机"),
        ("以中秋节为主题写文案", "中秋节"),
        ("请为公司周年庆策划几个创意", "公司周年庆"),
        ("云图X3", "云图X3"),
        ("写一个脚本", "写一个脚本"),
    ],
)
def test_takes_the_subject_out_of_a_request(request_: str, subject: str) -> None:
    assert subject_of(request_) == subject


def test_facts_are_quotes_about_the_topic(library) -> None:
    found = facts("云图X3摄像机", library)
    assert found
    for fact in found:
        passage = fact.citation.passage
        assert fact.citation.quote == passage.text[fact.citation.start - passage.start :][: len(fact.citation.quote)]
        assert fact.text.endswith(fact.citation.quote)
        assert fact.caption in fact.text
    assert facts("量子计算机", library) == []


def test_facts_are_short_and_told_apart(shelf) -> None:
    long_ = "文枢科技" + "，".join(["持续投入研发并服务各行各业的客户"] * 9) + "。"
    passages = [
        shelf.passage(f"文枢科技成立于2016年。文枢科技成立于2016年！{long_}文枢科技有员工300人。", "文枢科技"),
        shelf.passage("文枢科技产品有云图、云盾、云端。文枢科技是什么？", "文枢科技", start=500),
    ]
    found = facts("文枢科技", passages)
    assert {fact.kind for fact in found} == {"dated", "counted", "listed", "told"}
    assert all(len(fact.citation.quote) <= 70 for fact in found)
    assert sum("2016" in fact.text for fact in found) == 1
    assert not any(fact.text.endswith("？") for fact in found)


def test_what_is_shown_of_a_fact(shelf) -> None:
    text = (
        "2009年冬天，文枢科技的创始人摔断了腿。\n他说：“数字记错一位，人家就要多交钱。”\n"
        "文枢科技的第一间办公室有26平方米，账上有42万元。\n与去年相比，文枢科技的成本从142元降到118元。\n"
    )
    found = {fact.text: fact for fact in facts("文枢科技", [shelf.passage(text, "文枢科技")])}
    dated = found["2009年冬天，文枢科技的创始人摔断了腿。"]
    assert (dated.years, dated.number, dated.compares) == (["2009年"], "", False)
    spoken = found["“数字记错一位，人家就要多交钱。”"]
    assert spoken.speech == "数字记错一位，人家就要多交钱。"
    counted = found["文枢科技的第一间办公室有26平方米，账上有42万元。"]
    assert (counted.number, counted.caption) == ("26平方米", "文枢科技的第一间办公室有26平方米")
    assert found["与去年相比，文枢科技的成本从142元降到118元。"].compares


def test_items_are_said_with_what_they_stand_under_and_rows_in_words(shelf) -> None:
    text = (
        "## 三、不保修的情形\n\n- 自行拆开云图X3的铅封。\n- 冰冻、雷击造成的损坏。\n\n"
        "| 型号 | 保修期 |\n| --- | --- |\n| 云图X3 | 24个月 |\n"
    )
    found = {fact.said for fact in facts("云图X3", [shelf.passage(text, "云图X3手册")])}
    assert {"不保修的情形：自行拆开云图X3的铅封。", "不保修的情形：冰冻、雷击造成的损坏。", "云图X3：24个月。"} <= found


def test_what_is_said_to_colleagues_is_no_fact_for_an_audience(shelf) -> None:
    text = "会议决定由王敏负责文枢科技的展位。文枢科技的服务热线是0591-01008020。不要点名批评同行，讲文枢科技的承诺。"
    assert facts("文枢科技", [shelf.passage(text, "文枢科技")]) == []
