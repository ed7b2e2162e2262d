import re

import pytest

from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.knowledge.advertising import hits
from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.claims import amounts
from wenshu.knowledge.drafts import Draft, checked, ideas, script, seconds
from wenshu.knowledge.factbook import Known, Told
from wenshu.knowledge.facts import facts_of
from wenshu.knowledge.material import facts
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.write import Written

REQUEST = "帮我想几个关于云图X3摄像机的小红书创意"


def own_words(draft: Draft) -> str:
    """What stands in a draft and in no quote of its line: neither whole nor in pieces of a clause, nor as a figure."""
    text = "\n".join(statement.text for statement in draft.statements)
    for statement in draft.statements:
        for citation in statement.citations:
            whole = f"{citation.quote} {citation.passage.text} {citation.passage.name}"
            for piece in (citation.quote, *re.split(r"[|：；。”“，、（）]", statement.text)):
                said = piece.strip()
                text = text.replace(said, "") if len(said) > 1 and said in whole else text
    return text


def test_ideas_have_title_angle_hook_outline_and_cited_facts(library: list[Passage]) -> None:
    draft = ideas(REQUEST, library)
    blocks = re.split(r"^### ", draft.text, flags=re.MULTILINE)[1:]
    assert len(blocks) >= 3
    for block in blocks:
        assert block.startswith("创意")
        assert all(part in block for part in ("角度：", "钩子：", "大纲："))
        assert re.search(r"\[\d+\]", block)
    assert draft.grounded
    assert len(set(re.findall(r"\[(\d+)\]", draft.text))) == len(draft.cited())


@pytest.mark.parametrize("theme", ["", "tech_male", "overseas_trip", "温情", "轻松", "商务", "种草", "科普", "极简"])
@pytest.mark.parametrize("make", [ideas, script])
def test_drafts_say_what_they_are_and_state_only_what_is_quoted(make, theme: str, library: list[Passage]) -> None:
    for variant in range(3):
        draft = make(REQUEST, library, theme, variant=variant)
        assert draft.text.startswith("【无模型草稿】")
        form = r"\d\d:\d\d-\d\d:\d\d|创意\d|^\s*\d\.|^\| \d+ |全片约 \d+ 秒|每秒 4\.5"
        ours = re.sub(form, "", own_words(draft), flags=re.MULTILINE)
        lent = {amount.value for citation in draft.cited() for amount in amounts(citation.quote)}
        assert {amount.value for amount in amounts(ours.replace("X3", ""))} <= lent | {1, 2, 3}
        for citation in draft.cited():
            passage = citation.passage
            assert citation.quote == passage.text[citation.start - passage.start : citation.end - passage.start]


@pytest.mark.parametrize("make", [ideas, script])
def test_without_facts_everything_stays_open(make, library: list[Passage]) -> None:
    for passages in ([], library):
        draft = make("量子计算机选题", passages)
        assert not draft.grounded
        assert "素材库中没有找到与“量子计算机”有关的事实" in draft.text
        assert draft.cited() == []
        assert draft.text.count("【待补：") >= 3


def test_a_script_is_a_table_timed_by_its_lines(library: list[Passage]) -> None:
    draft = script("围绕福建文枢科技公司写一个短视频脚本", library)
    rows = [line for line in draft.text.splitlines() if re.match(r"\| \d", line)]
    assert "| 镜头 | 时间 | 画面 | 口播 | 字幕 | 来源 |" in draft.text
    clock = "00:00"
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 6
        assert cells[0] == str(number)
        begin, end = cells[1].split("-")
        assert begin == clock < end
        clock = end
    assert f"全片约 {int(clock[:2]) * 60 + int(clock[3:])} 秒" in draft.text
    assert any("林国栋" in row and re.search(r"\[\d\]", row) for row in rows)


def test_spoken_time() -> None:
    assert seconds("好") == 3
    assert seconds("字" * 45) == 10
    assert seconds("字" * 45 + "，。！") == 10
    assert seconds("【待补：核心事实】") == 4


def test_bars_and_line_breaks_in_a_topic_do_not_break_the_table() -> None:
    rows = [line for line in script("甲|乙\n丙", []).text.splitlines() if line.startswith("|")]
    assert all(row.count("|") == 7 for row in rows)


def seconds_of(draft: Draft) -> int:
    last = [line for line in draft.text.splitlines() if re.match(r"\| \d", line)][-1]
    minutes, seconds_ = re.search(r"-(\d\d):(\d\d)", last).groups()
    return int(minutes) * 60 + int(seconds_)


@pytest.mark.parametrize(
    ("asked", "length"), [("15秒", 15), ("60秒", 60), ("一分半", 90), ("3分钟", 180), ("半分钟", 30)]
)
def test_a_film_is_as_long_as_asked_for(library: list[Passage], asked: str, length: int) -> None:
    for passages in (library, []):
        draft = script(f"写一个{asked}的短视频脚本，讲福建文枢科技公司", passages)
        assert seconds_of(draft) == length
        assert f"全片 {length} 秒（按要求的时长）" in draft.text
    assert "其余以【待补】标出" in script("写一个3分钟的短视频脚本，讲福建文枢科技公司", library).text


def test_what_asking_twice_gives_is_another_draft(library: list[Passage]) -> None:
    for make in (ideas, script):
        drafts = {make(REQUEST, library, variant=variant).text for variant in range(2)}
        assert len(drafts) == 2
        assert make(REQUEST, library).text == make(REQUEST, library).text


def test_a_theme_changes_tone_order_and_facts(shelf) -> None:
    text = (
        "父亲抄了31年水表，那天他在台阶上摔断了腿。他说：“水表记错一位，人家就要多交钱。”\n"
        "水表的成本从142元降到118元，比上年下降17%。2015年水表出口越南。水表有冷水、热水、纯水三种。"
    )
    passages = [shelf.passage(text, "水表")]
    first = {theme: re.search("创意1：(.*)", ideas("水表的选题", passages, theme).text)[1] for theme in THEMES}
    assert len(set(first.values())) >= 4
    assert "比一比" in first["tech_male"]
    assert "记错一位" in first["温情"]
    scripts = {theme: script("水表的脚本 20秒", passages, theme).text for theme in THEMES}
    assert len(set(scripts.values())) == len(THEMES)
    assert "出口越南" in scripts["overseas_trip"]


THEMES = ["", "tech_male", "overseas_trip", "温情", "轻松", "商务", "种草", "科普"]


def test_a_theme_is_named_in_words(shelf) -> None:
    assert "主题风格：科技数码" in ideas("相机", [], "tech_male").text
    assert "主题风格：轻松 幽默（" in ideas("相机", [], "轻松\n幽默").text
    assert "主题风格：极简" in ideas("相机", [], "极简").text
    assert "主题风格" not in ideas("相机", [], " ").text
    said = "素材中没有与该主题直接有关的事实"
    assert said in ideas("相机", [shelf.passage("相机有三个镜头，重200克。", "相机")], "overseas_trip").text
    assert said not in ideas("相机", [shelf.passage("相机有三个镜头，出口泰国。", "相机")], "overseas_trip").text


def test_as_many_ideas_as_asked_for_and_three_at_least(library: list[Passage]) -> None:
    assert ideas("给福建文枢科技公司出1个选题", library).text.count("### 创意") == 3
    assert ideas("给福建文枢科技公司出5个选题", library).text.count("### 创意") >= 3
    assert ideas("给量子计算机出5个选题", library).text.count("### 创意") == 3


def test_our_words_hold_no_absolute_terms_and_quoted_ones_are_pointed_out(shelf) -> None:
    passage = shelf.passage("文枢科技是国内顶级的企业。文枢科技成立于2016年。", "文枢科技")
    for make in (ideas, script):
        draft = make("文枢科技", [passage])
        assert "广告法自查" in draft.text
        assert "“顶级”（文枢科技是国内顶级的企业）：可改为“高规格”" in draft.text
        for theme in (*THEMES, "极简"):
            for topic, passages in (("文枢科技", []), ("文枢科技 3分钟", [])):
                assert hits(make(topic, passages, theme).text) == []
    assert "广告法自查" in ideas("全国第一的水表", []).text


def test_what_a_model_wrote_is_checked_too(library: list[Passage]) -> None:
    written = Written((Statement("最好的摄像机。", (cite(library[1], 0, 4),)),))
    assert checked(written).text.startswith("最好的摄像机。[1]\n\n广告法自查")
    plain = Written((Statement("保修24个月。", (cite(library[1], 0, 4),)),))
    assert checked(plain) is plain


def test_letters_heads_notes_and_empty_sentences_are_no_hooks(shelf) -> None:
    lines = (
        "发件人：王明 <wang@example.com>",
        "日期：Thu, 12 Mar 2026 10:26:08 +0800",
        "文枢科技您好！",
        "编制：财务部　　审核：苏砚秋",
        "| 文枢科技 | 386 |",
        "答案在文枢科技身上。",
        "备注：讲到文枢科技时先停顿三秒。",
        "请文枢科技在3月20日之前书面答复。",
        "2009年冬天，文枢科技的创始人摔断了腿。",
        "文枢科技的第一间办公室只有26平方米。",
    )
    text = "\n".join(lines)
    draft = ideas("文枢科技", [shelf.passage(text, "文枢科技")])
    assert {citation.quote for statement in draft.statements for citation in statement.citations} == {
        "2009年冬天，文枢科技的创始人摔断了腿。",
        "文枢科技的第一间办公室只有26平方米。",
    }


def test_a_span_of_years_is_a_number_not_a_date(shelf) -> None:
    (fact,) = facts("林守田", [shelf.passage("林守田是县里的抄表员，抄了31年水表。", "林守田")])
    assert fact.kind == "counted"


def test_what_the_library_states_of_the_topic_s_thing_fills_slots(shelf) -> None:
    text = "| 型号 | 目录价（元） | 保修期 | 电池寿命 |\n|---|---|---|---|\n"
    text += "| LX-U20 | 618 | 整机5年 | 10年（每天上报一次） |\n"
    parsed = Parsed(text, tuple(scan(text)), "", "text/markdown")
    passage = shelf.passage(text, "价目表", key="doc:7:0")
    known = [Told(Known(fact, 7, 0, "价目表"), passage) for fact in facts_of("价目表", parsed)]
    request = "做一个40秒的LX-U20短视频脚本"
    bare, filled = script(request, []), script(request, [], known=known)
    assert not bare.grounded
    assert filled.grounded
    assert bare.text.count("【待补") > filled.text.count("【待补") > 0
    quotes = {citation.quote for statement in filled.statements for citation in statement.citations}
    assert {"618", "整机5年", "10年（每天上报一次）"} >= quotes
    assert "LX-U20：保修期为整机5年。" in filled.text
    told = ideas("LX-U20的创意", [], known=known)
    assert {citation.quote for statement in told.statements for citation in statement.citations} <= quotes
    assert own_words(told).count("5年") == 0
