import pytest

from wenshu.knowledge.advertising import absolutes


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("国家级品质，最佳选择", ["国家级", "最佳"]),
        ("销量第一，独一无二", ["销量第一", "独一无二"]),
        ("行业第一！", ["行业第一"]),
        ("顶级配置 NO.1", ["顶级", "NO.1"]),
        ("第一步，第一季度，最后，最近，最低工资，最高人民法院", []),
        ("保修24个月", []),
    ],
)
def test_finds_absolutes_and_leaves_plain_words(text: str, terms: list[str]) -> None:
    assert absolutes(text) == terms
