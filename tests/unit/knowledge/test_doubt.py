from dataclasses import replace

import pytest

from wenshu.knowledge.doubt import cases, confidence, features, missing, unknown
from wenshu.knowledge.question import read
from wenshu.knowledge.rank import rank, ranked, weights
from wenshu.knowledge.scene import Scene


def doubt_of(question: str, passages) -> float:
    scene = Scene(read(question), passages)
    return confidence(scene, ranked(scene))


def test_confident_where_the_words_stand_and_doubtful_where_not(library) -> None:
    assert doubt_of("公司的创始人是谁？", library) > 0
    assert doubt_of("食堂的开放时间是几点？", [replace(passage, score=0.2) for passage in library]) < 0
    assert doubt_of("公司的创始人是谁？", []) < 0


def test_what_retrieval_holds_for_likely_is_doubted_less(library) -> None:
    likely, unlikely = ([replace(one, score=score) for one in library] for score in (0.9, 0.1))
    assert doubt_of("公司的创始人是谁？", likely) > doubt_of("公司的创始人是谁？", unlikely)


def test_missing_lists_words_and_numbers_before_the_weightiest_gaps(library) -> None:
    assert missing(read("特斯拉2023年在Berlin的创始人"), library) == ("berlin", "2023", "特斯拉")
    assert missing(read("公司的创始人是谁？"), library) == ()
    assert missing(read("文枢二〇一六年成立？"), library) == ()


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("特斯拉的创始人是谁", "特斯拉"),
        ("北京有几家门店", "北京"),
        ("公司的股价是多少", "股价"),
        ("X5的保修期是多久", "x5"),
        ("公司的创始人是谁", ""),
        ("今年营业收入是多少", ""),
        ("闽店一览在哪里", ""),  # sounds like 门店一览
        ("Where is the office in Japan?", "japan"),
        ("What is the warranty period of the camera?", ""),
    ],
)
def test_what_no_passage_mentions_is_named(library, question: str, named: str) -> None:
    assert unknown(Scene(read(question), library), question) == named


def test_every_number_has_a_weight_in_every_case(library) -> None:
    scene = Scene(read("公司的创始人是谁？"), library)
    found = ranked(scene)
    learned = weights("doubt")
    assert learned.keys() == cases(scene.question, found[0]).keys()
    for case in learned.values():
        assert features(scene, found).keys() == case.keys() - {"bias"}


def test_a_passages_title_in_the_question_is_a_case_of_its_own(library) -> None:
    best = rank(read("公司简介是谁写的"), library)[0]
    named = replace(best, passage=replace(best.passage, title="公司简介（2026版）"))
    assert cases(read("公司简介是谁写的"), named)["titled"]
    assert not cases(read("年假有几天"), named)["titled"]
