import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.core.index.filter_strategies import FIELDS, exprs
from wenshu.core.index.filter_printers import to_milvus
from wenshu.core.index.filter_tree import And, Comparison, Expr, Like, Membership, Not, Or, Wildcard
from wenshu.core.index.filters import DOC_FIELDS, QA_FIELDS, named_scope, parse_filter
from wenshu.kit.errors import InvalidInput

A, B, C = (Comparison("doc_name", "==", name) for name in "abc")


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        (
            "tenant_code == 't1' && org_code == 'orgA'",
            And((Comparison("tenant_code", "==", "t1"), Comparison("org_code", "==", "orgA"))),
        ),
        ("chunk_index>=-2", Comparison("chunk_index", ">=", -2)),
        ("+3 < chunk_index", Comparison("chunk_index", ">", 3)),
        ("'a' == doc_name", A),
        ("chunk_index in [1, 2,]", Membership("chunk_index", (1, 2))),
        ("doc_name NOT IN []", Membership("doc_name", (), negated=True)),
        ("content like 'abc%'", Like("content", ("abc", Wildcard.RUN))),
        (r"content LIKE '%a_\%\_\\\\'", Like("content", (Wildcard.RUN, "a", Wildcard.ONE, "%_\\"))),
        (r"content like '\\%'", Like("content", ("%",))),
        (r"""doc_name == 'it\'s "so"\n\\'""", Comparison("doc_name", "==", 'it\'s "so"\n\\')),
        (r'doc_name == "中文\"\t"', Comparison("doc_name", "==", '中文"\t')),
        ("weight < 1e3", Comparison("weight", "<", 1000.0)),
        ("weight in [1, .5, 2.]", Membership("weight", (1.0, 0.5, 2.0))),
        ("live == TrUe", Comparison("live", "==", value=True)),
        ("doc_name=='a'or doc_name=='b'and doc_name=='c'", Or((A, And((B, C))))),
        ("(doc_name=='a'or doc_name=='b')&&doc_name=='c'", And((Or((A, B)), C))),
        ("doc_name=='a' and (doc_name=='b' and doc_name=='c')", And((A, B, C))),
        ("not doc_name=='a' and doc_name=='b'", And((Not(A), B))),
        ("!(doc_name=='a')", Not(A)),
        ("! not (not (doc_name=='a'))", Not(A)),
        ("not not doc_name=='a'", A),
    ],
)
def test_reads(text: str, expr: Expr) -> None:
    assert parse_filter(text, FIELDS) == expr


@pytest.mark.parametrize("blank", ["", " \t\r\n"])
def test_blank_is_no_filter(blank: str) -> None:
    assert parse_filter(blank, DOC_FIELDS) is None


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("doc_name = 'a'", 10, "应为 =="),
        ("doc_name == 'a' & doc_url == 'b'", 17, "应为 &&"),
        ("doc_name == 'a", 13, "引号"),
        ("doc_name == 'a\n'", 13, "引号"),
        ("doc_name == “a”", 13, "无法识别的字符「“」"),
        (r"doc_name == 'a\q'", 15, "转义"),
        (r"doc_name == 'a\%'", 15, "转义"),
        (r"doc_name like 'a\\'", 15, "反斜杠"),
        ("doc_name == 1", 13, "应为字符串，此处是整数"),
        ("1 == doc_name", 1, "应为字符串，此处是整数"),
        ("chunk_index == '1'", 16, "应为整数，此处是字符串"),
        ("chunk_index == 1.5", 16, "应为整数，此处是数字"),
        ("chunk_index in [1, true]", 20, "应为整数"),
        ("chunk_index like '1%'", 18, "不能用 like"),
        ("doc_name like 1", 15, "应为 字符串"),
        ("password == 'a'", 1, "未知字段「password」，可用字段：tenant_code"),
        ("question == 'a'", 1, "未知字段"),
        ("doc_name == doc_url", 13, "应为 字符串"),
        ("doc_name", 9, "表达式却到此结束"),
        ("doc_name not 'a'", 14, "应为 in"),
        ("doc_name in 'a'", 13, "应为 ["),
        ("doc_name in ['a'", 17, "应为 ]"),
        ("doc_name in [,]", 14, "应为 字符串"),
        ("(doc_name == 'a'", 17, "应为 )"),
        ("doc_name == 'a')", 16, "表达式结尾"),
        ("doc_name == 'a' and", 20, "应为 字段名"),
        ("1 < chunk_index < 5", 17, "连续比较"),
        ("chunk_index == 12ab", 16, "数字格式"),
        ("chunk_index == 1.2.3", 16, "数字格式"),
        ("chunk_index == 007", 16, "0 开头"),
        ("chunk_index == 9223372036854775808", 16, "64 位"),
        ("chunk_index == " + "9" * 3_000, 16, "64 位"),
        ("weight == 1e999", 11, "超出范围"),
        ("chunk_index == --1", 17, "应为 数字"),
        ("doc_name == 'a\0'", 15, "不允许的字符"),
        ("doc_name == 'a\ud800'", 15, "不允许的字符"),
        ("true", 5, "应为 比较运算符"),
        ("doc_name == 'a'; drop table chunks", 16, "无法识别的字符「;」"),
    ],
)
def test_refuses_and_names_the_position(text: str, position: int, says: str) -> None:
    fields = DOC_FIELDS if "weight" not in text else FIELDS
    with pytest.raises(InvalidInput) as caught:
        parse_filter(text, fields)
    assert f"第 {position} 个字符" in caught.value.message
    assert says in caught.value.message
    assert caught.value.field == "filter_expr"


def test_limits_are_exact() -> None:
    def nested(depth: int) -> str:
        return "(" * depth + "doc_name == 'a'" + ")" * depth

    def chained(predicates: int) -> str:
        return " or ".join(["chunk_index>1"] * predicates)

    def long(characters: int) -> str:
        return "doc_name == 'a'".ljust(characters)

    beside = " and ".join([nested(20)] * 30)
    for text in (nested(20), beside, chained(100), long(4_000), "!" * 3_900 + "(doc_name == 'a')"):
        assert parse_filter(text, DOC_FIELDS) is not None
    for text, says in ((nested(21), "20 层"), (chained(101), "200 个节点"), (long(4_001), "4000 个字符")):
        with pytest.raises(InvalidInput, match=says):
            parse_filter(text, DOC_FIELDS)
    with pytest.raises(InvalidInput, match="200 个节点"):
        parse_filter(f"chunk_index in [{','.join('1' * 200)}]", DOC_FIELDS)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("", (None, None)),
        ("tenant_code == 't1' && org_code == 'orgA'", ("t1", "orgA")),
        ("('orgA' == org_code) and (source == 's' and tenant_code == 't1')", ("t1", "orgA")),
        ("tenant_code == 't1'", ("t1", None)),
        ("tenant_code == ''", ("", None)),
        ("tenant_code == 't1' and tenant_code == 't2'", ("t1", None)),
        ("tenant_code == 't1' or org_code == 'o'", (None, None)),
        ("not (tenant_code == 't1')", (None, None)),
        ("tenant_code != 't1' and tenant_code in ['t1'] and tenant_code like 't1'", (None, None)),
        ("(tenant_code == 't1' or source == 's') and org_code == 'o'", (None, "o")),
    ],
)
def test_named_scope(text: str, scope: tuple[str | None, str | None]) -> None:
    assert named_scope(parse_filter(text, QA_FIELDS)) == scope


@settings(deadline=None)
@given(exprs)
def test_printing_and_reading_gives_the_same_tree(expr: Expr) -> None:
    assert parse_filter(to_milvus(expr), FIELDS) == expr


_words = ["doc_name", "chunk_index", "in", "not", "like", "and", "true", "'a%'", '"b\\"', "1", "1.5"]
_symbols = ["==", "<", "||", "!", "(", ")", "[", "]", ",", "-", ".", "\\", "'", " "]
_pieces = st.sampled_from(_words + _symbols)


@settings(deadline=None)
@given(
    st.text(max_size=60) | st.lists(_pieces, max_size=25).map(" ".join) | st.lists(_pieces, max_size=25).map("".join)
)
def test_garbage_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        expr = parse_filter(text, DOC_FIELDS)
    except InvalidInput:
        return
    assert expr is None or parse_filter(to_milvus(expr), DOC_FIELDS) == expr
