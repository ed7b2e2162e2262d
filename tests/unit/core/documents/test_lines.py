from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.documents.lines import is_wrapped, unwrap

_WRAPPED = [
    "文枢是一台服务器，它做完企业的全部文字工作，从问答",
    "到报告，再到行程规划，样样都能追到出处，人人都能看",
    "懂。",
    "第二段从这里开始。",
]


def test_lines_broken_by_the_margin_are_joined() -> None:
    assert unwrap(_WRAPPED) == ["".join(_WRAPPED[:3]), "第二段从这里开始。"]
    assert is_wrapped([*_WRAPPED[:2], *_WRAPPED[:2], *_WRAPPED])


def test_english_words_meet_with_a_space_and_hyphens_go() -> None:
    wide = "The quick brown fox jumps over the lazy dog and then the"
    assert unwrap([wide, "rest follows."]) == [f"{wide} rest follows."]
    assert unwrap([f"{wide} infor-", "mation follows."]) == [f"{wide} information follows."]


def test_items_indents_blank_lines_and_sentence_ends_stay_apart() -> None:
    wide = "这一行正好排满了整个版面的宽度于是很像被折断的一行"
    for following in ("一、范围", "（二）职责", "1. 总则", "- 条目", "第三条 本办法", "　　缩进的一段"):
        assert len(unwrap([wide, following])) == 2
    assert len(unwrap([wide, "", "下一段"])) == 2
    assert len(unwrap([wide[:-1] + "。", "下一段"])) == 2


def test_lists_of_short_lines_are_left_alone() -> None:
    names = ["张三 13800000001", "李四 13800000002", "王五 13800000003"]
    assert unwrap(names) == names
    assert not is_wrapped(names)


@given(st.lists(st.text(alphabet="文字ab ，。-\t1", max_size=60), max_size=12))
def test_nothing_but_blanks_and_hyphens_is_lost(lines: list[str]) -> None:
    def rest(texts: list[str]) -> str:
        return "".join("".join(texts).replace("-", "").split())

    assert rest(unwrap(lines)) == rest(lines)
