from wenshu.knowledge.question import read
from wenshu.knowledge.rank import rank, weights


def test_every_feature_has_a_weight(library) -> None:
    for candidate in rank(read("公司什么时候成立的？"), library):
        assert candidate.features.keys() == weights("rank").keys()


def test_ranks_the_answering_sentence_first(library) -> None:
    best = rank(read("公司的创始人是谁？"), library)[0]
    assert best.text == "公司创始人、首席执行官为林国栋。"
    assert best.passage.title == "公司简介"


def test_what_the_source_is_called_is_no_merit_of_a_sentence(shelf) -> None:
    passage = shelf.passage("云图X3是云图X3系列产品。它的屏幕为6英寸。", "云图X3", start=50)
    assert rank(read("云图X3的屏幕是多少英寸？"), [passage])[0].text == "它的屏幕为6英寸。"


def test_no_passages_give_no_candidates() -> None:
    assert rank(read("公司在哪里？"), []) == []
