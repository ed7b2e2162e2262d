from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.question import read


def said(question: str, text: str, *, literal: bool = False) -> str:
    probe = Probe(read(question))
    found = probe.literal(Folded(text)) if literal else probe.covered(Folded(text))
    return "".join(probe.question.content[index] for index in sorted(found))


def test_pairs_cover_characters_without_knowing_words() -> None:
    assert said("公司合作开发", "两家公司合作，共同开发") == "公司合作开发"
    assert said("公司合作开发", "公司") == "公司"


def test_other_wording_counts_but_is_not_literal() -> None:
    assert said("何时去世", "卒于1916年") == "去世"
    assert said("何时去世", "卒于1916年", literal=True) == ""


def test_words_and_numbers_are_whole() -> None:
    assert said("2016年X3发布", "二〇一六年发布x3") == "2016年x3发布"
    assert "3" not in said("第3版", "共364页")
    assert "x3" not in said("X3价格", "x30价格")


def test_share_and_weight() -> None:
    probe = Probe(read("文枢camera"))
    assert probe.weight(probe.all) == 2 + 4
    assert probe.share(probe.all, probe.literal(Folded("文枢"))) == 2 / 6
    assert probe.share(frozenset(), frozenset()) == 1
    assert probe.subject == {0, 1}
