from wenshu.zh.rarity import RAREST, rarity, term_rarity


def test_common_characters_tell_least():
    assert rarity("的") < rarity("国") < rarity("铁") < rarity("茂") < rarity("鲷") == RAREST


def test_words_and_numbers_tell_most_among_terms():
    assert term_rarity("的") < term_rarity("中国") < term_rarity("广茂") <= term_rarity("2023")
