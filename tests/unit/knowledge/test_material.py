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
