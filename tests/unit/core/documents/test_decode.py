import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.documents.decode import decode
from wenshu.kit.errors import ParseFailed

_CHINESE = "文枢是一台服务器，它做完企业的文字工作。"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-32"])
def test_chinese_in_the_usual_encodings(encoding: str) -> None:
    assert decode(_CHINESE.encode(encoding)) == _CHINESE


def test_utf16_big_endian_by_its_mark() -> None:
    assert decode(codecs.BOM_UTF16_BE + _CHINESE.encode("utf-16-be")) == _CHINESE


@pytest.mark.parametrize("label", ["gb2312", "GBK", "x-gbk", '"gb18030"', "cp936"])
def test_chinese_labels_all_mean_gb18030(label: str) -> None:
    rare = "䶮镕𠮷"
    assert decode(rare.encode("gb18030"), label=label) == rare


def test_a_declared_label_is_believed_where_the_bytes_agree() -> None:
    assert decode("企業".encode("big5"), label="big5") == "企業"
    assert decode(_CHINESE.encode(), label="gb2312-nonsense") == _CHINESE
    assert decode(_CHINESE.encode(), label="ascii") == _CHINESE


@pytest.mark.parametrize("label", ["zlib", "idna", "unicode_escape", "rot13", "hex"])
def test_a_label_never_reaches_a_transform(label: str) -> None:
    assert decode(b"a\\u4e00b", label=label) == "a\\u4e00b"


def test_a_cut_utf8_file_is_not_turned_into_other_characters() -> None:
    assert decode((_CHINESE * 3).encode()[:-1]).startswith(_CHINESE * 2)


def test_a_cut_gb18030_file_loses_only_its_end() -> None:
    assert decode(_CHINESE.encode("gb18030")[:-1]) == _CHINESE[:-1]


@pytest.mark.parametrize("data", [b"a\0b", bytes(range(1, 32)) * 40])
def test_binary_data_is_no_text(data: bytes) -> None:
    with pytest.raises(ParseFailed) as failed:
        decode(data)
    assert failed.value.reason == "unsupported"


def test_an_unknown_encoding_is_said_to_be_one() -> None:
    with pytest.raises(ParseFailed) as failed:
        decode(b"caf\xff\xff\xff caf\xe9 \xff")
    assert failed.value.reason == "corrupt"


@given(st.binary(max_size=200), st.none() | st.text(max_size=20))
def test_any_bytes_decode_or_fail_with_a_reason(data: bytes, label: str | None) -> None:
    outcome = "text"
    try:
        assert "\0" not in decode(data, label=label)
    except ParseFailed as failed:
        outcome = failed.reason
    assert outcome in {"text", "unsupported", "corrupt"}


@given(st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=200))
def test_utf8_text_is_read_as_it_was_written(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert decode(text.encode()) == text
