import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.knowledge.followup import Turn, leans, only_says, rewrite

LISTED = "LX-N10系列：NB-IoT民用水表。[1]\nLX-U20系列：超声波水表，2023年5月发布。[1]\nLX-M50系列：大口径电磁水表。[1]"


@pytest.mark.parametrize(
    ("before", "answer", "question", "whole"),
    [
        ("LX-N10-15的保修期是多久", "3年。[1]", "那价格呢？", "LX-N10-15的价格是多少？"),
        ("LX-U20-20的目录价是多少元？", "618元。[1]", "它的保修期呢", "LX-U20-20的保修期是多久？"),
        ("LX-U20的保修期是多久", "5年。[1]", "那LX-N10呢", "LX-N10的保修期是多久"),
        ("E04是什么意思", "连续3天通信失败。[1]", "怎么处理", "E04怎么处理"),
        ("什么是产销差率", "漏掉的水占比。[1]", "那怎么计算呢", "产销差率怎么计算"),
        ("LX-N10的平均售价下降了多少", "下降约5.5%。[1]", "为什么？", "为什么LX-N10的平均售价下降"),
        ("公司有哪些产品线", LISTED, "第二个呢", "LX-U20系列是什么"),
        ("公司有哪些产品线", LISTED, "最后一个的价格是多少", "LX-M50系列的价格是多少"),
        ("哪种产品支持预付费", "LX-N10-15V：备注为带阀门，支持预付费。[1]", "多少钱", "LX-N10-15V多少钱"),
        ("2025年净利润是多少", "4,068万元。[1]", "2024年呢", "2024年净利润是多少"),
        ("2025年第三季度营业收入是多少", "11960万元。[1]", "第四季度呢", "2025年第四季度营业收入是多少"),
        ("2025年营业收入是多少", "4.52亿元。[1]", "同比增长多少", "2025年营业收入同比增长多少"),
        ("2025年哪个季度的营业收入最高", "第四季度。[1]", "最低的呢", "2025年哪个季度的营业收入最低"),
        ("董事长是谁", "林知汀。[1]", "总经理呢", "总经理是谁"),
        ("总经理是谁", "总经理：姓名为陈屿洲。[1]", "他负责什么", "陈屿洲负责什么"),
        ("谁负责研发", "郑望舒。[1]", "那生产呢", "谁负责生产"),
        ("年假有几天", "满1年有5天。[1]", "病假呢", "病假有几天"),
        ("机票可以报销吗", "可以。[1]", "火车票呢", "火车票可以报销吗"),
        ("注册资本是多少", "6,000万元。[1]", "员工人数呢", "员工人数是多少"),
        ("省会城市的住宿标准是多少", "420元。[1]", "北京呢", "北京的住宿标准是多少"),
        ("一般员工在省会城市出差，住宿标准是多少", "420元。[1]", "总监呢", "总监在省会城市出差，住宿标准是多少"),
        ("第一批什么时候发货", "4月28日前。[1]", "第二批呢", "第二批什么时候发货"),
        ("LX-U20-20和LX-N10-20的目录价是多少", "618和328。[1]", "哪个更贵", "LX-U20-20和LX-N10-20哪个更贵"),
        ("公司总部在哪", "科创路18号。[1]", "生产基地呢", "公司生产基地在哪"),
    ],
)
def test_follow_ups_are_made_whole(before: str, answer: str, question: str, whole: str) -> None:
    made = rewrite(question, [Turn("公司有多少员工", "486人。[1]"), Turn(before, answer)])
    assert made.wordings[0] == whole
    assert not made.more


@pytest.mark.parametrize("question", ["还有呢？", "还有吗", "其他的呢", "继续", "具体说说", "详细介绍一下"])
def test_more_is_the_same_question_again(question: str) -> None:
    assert rewrite(question, [Turn("公司有哪些产品线？", LISTED)]) == (("公司有哪些产品线",), True)


STANDALONE = [
    "公司的注册资本是多少",
    "那里的总部在哪里",
    "总部在哪里呢",
    "LX-U20的目录价是多少？",
    "其他城市的住宿标准是多少",
    "年假怎么申请",
    "什么是产销差率？",
    "2025年营业收入同比增长多少",
    "为什么LX-N10的平均售价下降了",
    "LX-U20-20和LX-N10-20哪个贵",
    "第二季度的营业收入是多少",
    "第二条生产线什么时候投产",
    "售后服务部经理和他的团队有多少人",
    "出差住宿应该怎么报销",
    "尤其要注意哪些安装要求",
    "What is the warranty period of the X3 camera?",
]


@pytest.mark.parametrize("question", STANDALONE)
def test_what_stands_on_its_own_is_left_alone(question: str) -> None:
    assert leans(question) == ""
    assert rewrite(question, [Turn("LX-N10-15的保修期是多久", "3年。[1]")]).wordings == (question,)


@pytest.mark.parametrize("question", ["怎么报销", "起订量是多少", "谁负责"])
def test_what_may_stand_on_its_own_is_tried_as_it_is_first(question: str) -> None:
    first, second, *_ = rewrite(question, [Turn("LX-N10-15的保修期是多久", "3年。[1]")]).wordings
    assert first == question
    assert second.startswith("LX-N10-15")


def test_without_a_conversation_nothing_changes() -> None:
    assert rewrite("那价格呢？", []) == (("那价格呢？",), False)
    assert rewrite("那价格呢？", [Turn("？？", "")]).wordings == ("那价格呢？",)


def test_a_model_may_only_use_the_conversations_words() -> None:
    turns = [Turn("LX-U20的保修期是多久", "LX-U20超声波水表的整机保修期为5年。[1]")]
    assert only_says("LX-U20的价格是多少？", "那价格呢", turns)
    assert only_says("LX-U20超声波水表多少钱", "价格多少钱", turns)
    assert not only_says("LX-M50的价格是多少？", "那价格呢", turns)
    assert not only_says("介绍一下澜序水表的创始人", "那价格呢", turns)


words = st.text(
    alphabet="那它他这第二个还有呢吗的是谁多少什么为怎么价格保修期LXUN10-2025年季度，。？ \n公司总经理和北京",
    max_size=24,
)


@given(words | st.text(max_size=40), st.lists(st.tuples(words, words), max_size=3))
def test_rewriting_never_raises_and_again_changes_nothing(question: str, said: list[tuple[str, str]]) -> None:
    turns = [Turn(*pair) for pair in said]
    made = rewrite(question, turns)
    assert made.wordings
    if not made.more:
        assert rewrite(made.wordings[0], turns).wordings[0] == made.wordings[0]
        if not leans(question):
            assert made.wordings == (question,)


@given(words, words, words)
def test_a_wording_has_only_the_conversations_words(before: str, answer: str, question: str) -> None:
    known = {*before, *answer, *question, *"的是什么多少久谁在哪里怎样有为时候分管工作理意思段主要做发生了和？"}
    for wording in rewrite(question, [Turn(before, answer)]).wordings:
        assert set(wording) <= known
