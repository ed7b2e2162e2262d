import pytest

from wenshu.knowledge.evidence import evidence, names_focus, unit_value
from wenshu.knowledge.question import read


@pytest.mark.parametrize(
    ("question", "holding", "lacking"),
    [
        ("什么时候成立？", "成立于2016年5月", "公司成立后发展迅速"),
        ("全长多少公里？", "全长364.6公里", "全长很长"),
        ("为什么停产？", "由于成本过高而停产", "已经停产"),
        ("总部在哪里？", "总部位于福州市", "总部很气派"),
        ("又叫什么？", "又称青衣", "很好吃"),
    ],
)
def test_tells_what_is_asked_from_what_is_not(question: str, holding: str, lacking: str) -> None:
    asked = read(question)
    assert evidence(asked, holding) > evidence(asked, lacking)


def test_what_the_question_says_itself_is_no_evidence() -> None:
    assert evidence(read("2008年奥运会之后哪一年再次举办？"), "2008年奥运会之后再次举办") == 0


def test_measures_fit_the_asking_words() -> None:
    asked = read("云图X3多少钱？")
    assert evidence(asked, "建议零售价:1,299元") == 1
    assert evidence(asked, "型号3") < 1
    assert evidence(read("保修多久？"), "保修24个月") == 1


def test_unit_and_focus() -> None:
    assert unit_value(read("全长多少公里？"), "全长364.6公里")
    assert not unit_value(read("全长多少公里？"), "共47个车站")
    assert names_focus(read("是什么颜色？"), "呈暗褐颜色") == 1
    assert names_focus(read("是什么颜色？"), "呈暗褐色") == 0.5
    assert names_focus(read("是什么颜色？"), "很大") == 0
