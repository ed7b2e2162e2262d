import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.documents.limits import Limits
from wenshu.core.documents.parsers import html
from wenshu.kit.errors import ParseFailed


def test_html_as_a_reader_sees_it() -> None:
    page = """<!doctype html><html><head><meta charset=gb2312><title>年报 甲</title><style>p{}</style></head><body>
    <nav>导航</nav><h1>经营 <i>情况</i></h1><p>第一段
    接着，<b>粗</b>体<br>换行</p><script>var a</script><div>散<p>段</p>尾</div>
    <ul><li>一<ul><li>内</li></ul></li></ul><!-- 注释 --><pre>a
  b</pre><p hidden>藏</p><div style="display: none">藏</div>
    <table><tr><th>甲</th><th>乙</th></tr><tr><td rowspan=2>1</td><td>2<br>3</td></tr>
    <tr><td>4<script>x</script></td></tr></table>
    """
    parsed = html.parse(page.encode("gb18030"), Limits())
    assert parsed.title == "年报 甲"
    assert parsed.text == (
        "# 经营 情况\n\n第一段接着，粗体\n换行\n\n散\n\n段\n\n尾\n\n- 一\n  - 内\n\na\n  b\n\n"
        "| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 3 |\n| 1 | 4 |"
    )


def test_a_layout_table_is_no_data() -> None:
    page = "<table><tr><td><h2>栏目</h2><p>正文</p></td><td><table><tr><td>甲</td></tr></table></td></tr></table>"
    parsed = html.parse(page.encode(), Limits())
    assert [block.kind for block in parsed.blocks] == ["heading", "paragraph", "table"]


def test_a_page_nested_past_the_limit_is_not_read_in_part() -> None:
    assert html.parse(b"<div>" * 1_500 + b"deep", Limits()).text == "deep"
    with pytest.raises(ParseFailed) as failed:
        html.parse(b"<div>" * 3_000 + b"deep", Limits())
    assert failed.value.reason == "too_large"


@given(st.text(alphabet='<>/"= abtdrhliptle1!-&;文\n', max_size=200))
def test_any_html_gives_text_or_nothing(source: str) -> None:
    parsed = html.parse(source.encode(), Limits())
    assert all(parsed.text[block.start : block.end].strip() for block in parsed.blocks)
