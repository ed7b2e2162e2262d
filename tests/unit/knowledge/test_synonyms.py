import pytest

from wenshu.kit.errors import InvalidInput
from wenshu.knowledge.synonyms import LONGEST, MOST_GROUPS, MOST_TERMS, checked


def test_terms_are_kept_as_written_each_once():
    assert checked([["  小  蓝盒 ", "采集终端", "小 蓝盒"], ["Ｋ8S", "k8s", "Kubernetes"]]) == [
        ["小 蓝盒", "采集终端"],
        ["Ｋ8S", "Kubernetes"],
    ]


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ([["甲方"]], "两个不同的词"),
        ([["甲方", "甲方"]], "两个不同的词"),
        ([["甲", "甲方"]], "“甲”的长度"),
        ([["——", "甲方"]], "“——”的长度"),
        ([["甲" * (LONGEST + 1), "甲方"]], "的长度"),
        ([[f"词{n}" for n in range(MOST_TERMS + 1)]], f"最多 {MOST_TERMS} 个词"),
        ([["甲方", "委托方"], ["乙方", "委託方"]], "第 2 组：“委託方”已在第 1 组"),
        ([[f"甲{n}", f"乙{n}"] for n in range(MOST_GROUPS + 1)], f"最多 {MOST_GROUPS} 组"),
    ],
)
def test_what_breaks_a_rule_is_told(groups, told):
    with pytest.raises(InvalidInput) as caught:
        checked(groups)
    assert told in caught.value.message
    assert caught.value.field == "groups"


def test_all_faults_are_told_at_once():
    with pytest.raises(InvalidInput) as caught:
        checked([["甲方", "委托方"], ["委托方", "丙"], ["丁方"]])
    assert [fault["group"] for fault in caught.value.details] == [2, 2, 3]
