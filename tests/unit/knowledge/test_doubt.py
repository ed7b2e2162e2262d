from dataclasses import replace

from wenshu.knowledge.doubt import confidence, features, missing
from wenshu.knowledge.question import read
from wenshu.knowledge.rank import rank, weights


def doubt_of(question: str, passages) -> float:
    asked = read(question)
    return confidence(asked, rank(asked, passages)[0])


def test_confident_where_the_words_stand_and_doubtful_where_not(library) -> None:
    assert doubt_of("公司的创始人是谁？", library) > 0
    assert doubt_of("食堂的开放时间是几点？", [replace(passage, score=0.2) for passage in library]) < 0


def test_what_retrieval_holds_for_likely_is_doubted_less(library) -> None:
    likely, unlikely = ([replace(one, score=score) for one in library] for score in (0.9, 0.1))
    assert doubt_of("公司的创始人是谁？", likely) > doubt_of("公司的创始人是谁？", unlikely)


def test_missing_lists_words_and_numbers_before_the_longest_gaps(library) -> None:
    assert missing(read("特斯拉2023年在Berlin的创始人"), library) == ("berlin", "2023", "特斯拉")
    assert missing(read("公司的创始人是谁？"), library) == ()
    assert missing(read("文枢二〇一六年成立？"), library) == ()


def test_every_feature_has_a_weight(library) -> None:
    asked = read("公司的创始人是谁？")
    assert features(asked, rank(asked, library)[0]).keys() == weights("doubt").keys() - {"bias"}
