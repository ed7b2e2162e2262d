import re

import pytest

from wenshu.knowledge.advertising import absolutes
from wenshu.knowledge.claims import amounts
from wenshu.knowledge.drafts import Draft, ideas, script, seconds
from wenshu.knowledge.material import facts
from wenshu.knowledge.passage import Passage

REQUEST = "帮我想几个关于云图X3摄像机的小红书创意"


def own_words(draft: Draft) -> str:
    """What stands in a draft and is no quote, nor the beginning of one as a caption."""
    text = "\n".join(statement.text for statement in draft.statements)
    for statement in draft.statements:
        for citation in statement.citations:
            caption = statement.text.rstrip(" |").rpartition("| ")[2]
            text = text.replace(citation.quote, "")
            text = text.replace(caption, "") if citation.quote.startswith(caption) else text
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


@pytest.mark.parametrize("make", [ideas, script])
def test_drafts_say_what_they_are_and_state_only_what_is_quoted(make, library: list[Passage]) -> None:
    draft = make(REQUEST, library)
    assert draft.text.startswith("【无模型草稿】")
    ours = re.sub(
        r"\d\d:\d\d-\d\d:\d\d|创意\d|^\s*\d\.|^\| \d+ |全片约 \d+ 秒|每秒 4\.5",
        "",
        own_words(draft),
        flags=re.MULTILINE,
    )
    assert {amount.value for amount in amounts(ours.replace("X3", ""))} <= {value.value for value in amounts("三")}
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
    assert "| 镜头 | 时间 | 画面 | 口播 | 字幕 |" in draft.text
    clock = "00:00"
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 5
        assert cells[0] == str(number)
        begin, end = cells[1].split("-")
        assert begin == clock < end
        clock = end
    assert f"全片约 {int(clock[:2]) * 60 + int(clock[3:])} 秒" in draft.text
    assert any("林国栋" in row and "[1]" in row for row in rows)


def test_spoken_time() -> None:
    assert seconds("好") == 3
    assert seconds("字" * 45) == 10
    assert seconds("字" * 45 + "，。！") == 10
    assert seconds("【待补：核心事实】") == 4


def test_bars_and_line_breaks_in_a_topic_do_not_break_the_table() -> None:
    rows = [line for line in script("甲|乙\n丙", []).text.splitlines() if line.startswith("|")]
    assert all(row.count("|") == 6 for row in rows)


def test_a_theme_is_named_in_words() -> None:
    assert "主题风格：科技数码" in ideas("相机", [], "tech_male").text
    assert "主题风格：轻松 幽默" in ideas("相机", [], "轻松\n幽默").text
    assert "主题风格" not in ideas("相机", [], " ").text


def test_our_words_hold_no_absolute_terms_and_quoted_ones_are_pointed_out(shelf) -> None:
    passage = shelf.passage("文枢科技是国内顶级的企业。文枢科技成立于2016年。", "文枢科技")
    for draft in (ideas("文枢科技", [passage]), script("文枢科技", [passage])):
        assert "引用的原文含有“顶级”" in draft.text
        assert (
            absolutes("\n".join(s.text for s in draft.statements if not s.citations and "原文含有" not in s.text)) == []
        )
    assert absolutes(own_words(ideas("文枢科技", []))) == []


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
