import pytest

from wenshu.knowledge.answer import answer
from wenshu.knowledge.doubt import missing
from wenshu.knowledge.question import read
from wenshu.knowledge.thesaurus import built_in

OURS = built_in().with_groups([["小蓝盒", "采集终端", "XB-20"], ["AI助手", "智能客服"]])


def found(text, thesaurus=OURS):
    return [text[one.start : one.end] for one in thesaurus.of(text) if one.own]


def test_no_groups_change_nothing():
    assert built_in().with_groups([]) is built_in() or built_in().with_groups([]).of("价格") == built_in().of("价格")
    assert built_in().wordings("小蓝盒多重？", ["采集终端重2千克"]) == []


def test_every_term_of_a_group_stands_for_every_other():
    (one,) = [one for one in OURS.of("小蓝盒多重") if one.own]
    assert one.others == ("采集终端", "xb-20")
    assert found("采集终端多重") == ["采集终端"]
    assert found("xb-20多重") == ["xb-20"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [("ai助手怎么用", ["ai助手"]), ("openai助手怎么用", []), ("xb-200多重", []), ("型号xb-20多重", ["xb-20"])],
)
def test_words_of_other_scripts_are_whole(text, terms):
    assert found(text) == terms


def test_a_wording_is_the_material_s_own():
    assert OURS.wordings("小蓝盒多重？", ["采集终端重2千克"]) == ["采集终端多重？"]
    assert OURS.wordings("小藍盒多重？", ["採集終端重2千克"]) == ["采集终端多重？"]
    assert OURS.wordings("小蓝盒多重？", ["型号XB-200"]) == []
    assert OURS.wordings("小蓝盒多重？", ["小蓝盒重2千克"]) == []
    # Where the material says both, its other word is tried.
    assert OURS.wordings("小蓝盒多重？", ["小蓝盒在二楼", "采集终端重2千克"]) == ["采集终端多重？"]


def test_a_synonym_is_evidence(shelf):
    passages = [shelf.passage("采集终端的供电电压为24伏，重量为2千克。", "设备清单")]
    asked = "小蓝盒的供电电压是多少？"
    assert answer(asked, passages).refusal is not None
    said = answer(asked, passages, thesaurus=OURS)
    assert said.refusal is None
    assert "24伏" in said.statements[0].text
    assert missing(read(asked), passages) == ("小蓝盒",)
    assert missing(read(asked, OURS), passages) == ()


def test_a_refusal_names_what_is_missing_in_the_asker_s_words(shelf):
    passages = [shelf.passage("采集终端的供电电压为24伏，重量为2千克。", "设备清单")]
    said = answer("小蓝盒的油漆编号是多少？", passages, thesaurus=OURS)
    assert "油漆" in said.refusal
    other = answer("小红盒的供电电压是多少？", passages, thesaurus=OURS)
    assert "小红盒" in other.refusal


def test_a_pair_is_found_by_its_synonym(shelf):
    pair = shelf.passage("找行政部领用。", "采集终端怎么领用？", kind="qa", key="qa:1")
    assert answer("小蓝盒怎么领用？", [pair], thesaurus=OURS).statements[0].text == "找行政部领用。"
