"""Replies over a library of its own: what documents state answers, wherever it stands in what the scope sees."""

import pytest

from libraries import opened
from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.knowledge.reply import Exchange, Replier, ReplyRequest
from wenshu.knowledge.sources import Sources
from wenshu.knowledge.telling import Telling

ACME, GLOBEX = Scope("acme"), Scope("globex")
ROWS = "".join(
    f"| LX-{number} | 水表{number} | {number * 3} | {number - 99} | {'√' if number % 20 == 0 else '×'} |"
    f" {5 if number % 2 else 6}年 | {'适用于小区和写字楼的各类管道' if number % 2 else '适用于工厂与园区的总管'} |\n"
    for number in range(100, 140)
)
METERS = (
    "# 水表价目\n\n| 型号 | 品名 | 单价（元） | 库存（台） | 远传 | 保修期 | 备注 |\n"
    f"|---|---|---|---|---|---|---|\n{ROWS}"
)


@pytest.fixture(params=["embedded", "file"])
async def ask(request, tmp_path):
    async with opened(tmp_path, request.param) as books:
        document = Parsed(METERS, tuple(scan(METERS)), "", "text/markdown")
        await books.ingest.replace_document(ACME, "水表价目表.md", "", document)
        replier = Replier(books.searcher, Sources(books.catalog))

        async def put(question, scope=ACME, history=(), mode="general"):
            asked = ReplyRequest(question, mode, "", use_library=True, limit=3, history=history)
            return await replier.reply(scope, asked, Telling(lambda _: None))

        yield put


def quotes(reply):
    return [span["quote"] for citation in reply.citations for span in citation["spans"]]


async def test_the_value_of_a_row_is_said_and_its_row_cited(ask):
    reply = await ask("LX-137的单价是多少？")
    assert "411元" in reply.text
    assert any("LX-137" in quote or quote == "411" for quote in quotes(reply))
    for citation in reply.citations:
        for span in citation["spans"]:
            assert METERS[span["start"] : span["end"]] == span["quote"]


async def test_a_row_is_found_by_another_cell(ask):
    assert "363元" in (await ask("水表121的单价是多少")).text


async def test_highest_and_rows_that_have_something_are_of_the_whole_table(ask):
    highest = await ask("哪个型号单价最高")
    assert "LX-139" in highest.text
    assert "417" in highest.text
    assert len(highest.citations) == 1
    total = await ask("水表价目中库存一共多少")
    assert f"合计为{sum(number - 99 for number in range(100, 140)):,}台（共40项相加）" in total.text
    assert (await ask("哪些型号支持远传")).text.startswith("有远传的有2项：LX-100、LX-120。")


@pytest.mark.parametrize("question", ["LX-177的单价是多少", "LX-137的防爆等级是多少", "哪些型号支持预付费"])
async def test_what_is_not_stated_is_refused(ask, question):
    assert (await ask(question)).citations == []


async def test_another_tenant_is_told_nothing(ask):
    for question in ("LX-137的单价是多少？", "哪个型号单价最高", "哪些型号支持远传"):
        reply = await ask(question, GLOBEX)
        assert reply.citations == []
        assert "411" not in reply.text
        assert reply.suggestions == []


async def test_a_follow_up_is_of_the_same_thing(ask):
    history = (Exchange("user", "LX-137的单价是多少"), Exchange("assistant", "LX-137：单价为411元。"))
    reply = await ask("那保修期呢？", history=history)
    assert "LX-137" in reply.searched
    assert "5年" in reply.text


async def test_an_attribute_alone_is_asked_of_the_last_thing(ask):
    history = (Exchange("user", "水表121单价"), Exchange("assistant", "LX-121：单价为363元。"))
    reply = await ask("库存多少", history=history)
    assert "22台" in reply.text
    assert (await ask("库存多少")).citations == []
    assert (await ask("防爆等级多少", history=history)).citations == []


async def test_what_else_is_stated_of_the_thing_is_suggested_and_answered(ask):
    reply = await ask("LX-137的单价是多少？")
    own = [question for question in reply.suggestions if "LX-137" in question]
    assert own
    for question in own:
        assert (await ask(question)).citations


async def test_a_draft_says_what_is_stated_of_its_thing(ask):
    reply = await ask("写一个30秒的LX-137短视频脚本", mode="scripts_gen")
    assert "411" in reply.text
    assert all("LX-137" in METERS[c["start"] - 60 : c["end"] + 60] for c in reply.citations if c["quote"] == "411")
