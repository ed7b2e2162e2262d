from hypothesis import given
from hypothesis import strategies as st

from wenshu.web.uploads import clean_name


@given(st.text(max_size=400))
def test_a_name_is_always_safe(name):
    cleaned = clean_name(name)
    assert cleaned
    assert len(cleaned) <= 200
    assert not set(cleaned) & set("/\\\0\n\r\u202e")
    assert cleaned not in {".", ".."}
    assert clean_name(cleaned) == cleaned


def test_names():
    assert clean_name("../../etc/passwd") == "passwd"
    assert clean_name("C:\\temp\\报告.pdf") == "报告.pdf"
    assert clean_name("报告\u202efdp.exe") == "报告fdp.exe"
    assert clean_name("长" * 300 + ".docx").endswith(".docx")
    assert clean_name("") == clean_name("..") == "未命名"
