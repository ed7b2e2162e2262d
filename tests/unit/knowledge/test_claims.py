from decimal import Decimal

import pytest

from wenshu.knowledge.claims import Amount, amounts, names, unfounded_amounts, without_amounts, words


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("3.2亿元", "320,000,000元"),
        ("二〇二三年", "2023年"),
        ("2024-05-01", "2024年5月1日"),
        ("百分之十八", "18%"),
        ("三万五", "35000"),
        ("5号", "五日"),
    ],
)
def test_amounts_written_differently_are_equal(left: str, right: str) -> None:
    assert amounts(left) == amounts(right)


def test_amounts_keep_their_measure() -> None:
    assert amounts("同比增长18%") == {Amount(Decimal(18), "%")}
    assert unfounded_amounts("18%", amounts("18人")) == ["18%"]
    assert unfounded_amounts("18", amounts("18%")) == []
    assert amounts("一定统一") == frozenset()


def test_names_by_their_form() -> None:
    assert names("创始人是王小明。") == {"王小明"}
    assert names("总部位于厦门市，出版《文枢周刊》。") == {"厦门", "文枢周刊"}
    assert names("戴龙·罗伯斯获得冠军") == {"戴龙·罗伯"}
    assert names("公司发展良好。") == frozenset()


def test_words_and_the_rest() -> None:
    assert words("X3和USB-C接口，共3个") == {"x3", "usb", "c"}
    assert without_amounts("增长百分之十八，共3.2亿元").split() == ["增长", ",共"]
