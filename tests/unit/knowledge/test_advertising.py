import pytest

from wenshu.knowledge.advertising import advice, hits


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("国家级品质，最佳选择", ["国家级", "最佳"]),
        ("销量第一，独一无二", ["销量第一", "独一无二"]),
        ("行业第一！", ["行业第一"]),
        ("中国第一品牌", ["第一品牌"]),
        ("顶级配置 NO.1", ["顶级", "NO.1"]),
        ("100%有效，永久防水，绝对安全", ["100%", "永久", "绝对"]),
        ("最受欢迎、最先进的水表", ["最受欢迎", "最先进"]),
        ("第一步，第一季度，第一批，第一时间，最后，最近，最低工资，最高人民法院", []),
        ("最多20台，最少3天，最大流量，最新通知，最大限度", []),
        ("占比100.0%，合格率100%", []),
        ("唯一编号，绝对误差，永久居留", []),
        ("保修24个月", []),
    ],
)
def test_finds_absolutes_and_leaves_plain_words(text: str, terms: list[str]) -> None:
    found = hits(text)
    assert [hit.term for hit in found] == terms
    assert all(text[hit.start : hit.end] == hit.term for hit in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("这是最便宜的水表。", "“最便宜”（这是最便宜的水表）：可改为“实惠”"),
        ("顶级工艺", "“顶级”（顶级工艺）：可改为“高规格”"),
        ("国家级工艺", "“国家级”（国家级工艺）：建议写明批准的机关与文件名称"),
        ("销量第一", "“销量第一”（销量第一）：建议写明排名的出处、范围与时间，没有出处则删去"),
        ("绝对安全", "“绝对”（绝对安全）：建议删去"),
        (
            "它的故障率是全公司最低的。",
            "“最低”（它的故障率是全公司最低的）：自身比较，通常允许；保留比较的范围，并备好依据",
        ),
        ("追求极致。", "“极致”（追求极致）：表达愿望或理念，通常允许；保留比较的范围，并备好依据"),
    ],
)
def test_each_is_named_with_a_plainer_word(text: str, said: str) -> None:
    assert advice(text) == [said]


def test_each_is_named_once_and_what_is_offered_is_none_itself() -> None:
    told = advice("最好的表，最好的人，最大的厂。")
    assert len(told) == 2
    terms = ["最佳", "最好", "最大", "最高", "顶级", "独一无二", "首个", "最早", "王牌", "世界级", "最长", "霸主"]
    for term in terms:
        assert hits(hits(term)[0].instead) == []
