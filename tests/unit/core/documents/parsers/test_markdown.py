import itertools

from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.documents.limits import Limits
from wenshu.core.documents.parsers import markdown


def test_markdown_blocks_point_into_the_source() -> None:
    source = (
        "---\ntitle: 手册\n---\n# 一\n正文\n续行\n\n- 甲\n  - 乙\n\n"
        "```py\n# 注释\n\n```\n| a | b |\n| --- | --- |\n#标签\n#二\n"
    )
    parsed = markdown.parse(source.encode(), Limits())
    assert parsed.title == "手册"
    assert [(block.kind, parsed.text_of(block)) for block in parsed.blocks] == [
        ("heading", "一"),
        ("paragraph", "正文\n续行"),
        ("list", "- 甲"),
        ("list", "- 乙"),
        ("paragraph", "```py\n# 注释\n\n```"),
        ("table", "| a | b |\n| --- | --- |"),
        ("heading", "标签"),
        ("heading", "二"),
    ]


@given(st.text(alphabet="# -`~|1.\n\t a文", max_size=120))
def test_markdown_blocks_cover_every_word(source: str) -> None:
    blocks = markdown.scan(source)
    outside = set(range(len(source))) - {at for block in blocks for at in range(block.start, block.end)}
    assert all(source[at].isspace() for at in outside)
    assert all(before.end <= after.start for before, after in itertools.pairwise(blocks))
