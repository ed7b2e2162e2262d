"""``wenshu ask`` and ``wenshu search``: use the library from the shell."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from wenshu.cli.client import CallFailed, connect
from wenshu.cli.output import fail, note, say
from wenshu.cli.settings import read_settings
from wenshu.core.settings import Settings

Home = Annotated[Path | None, typer.Option(help="数据目录 Data folder.")]
Tenant = Annotated[str, typer.Option(help="租户编码 Tenant code.")]
Org = Annotated[str, typer.Option(help="组织编码 Organisation code.")]


def ask(
    question: Annotated[str, typer.Argument(help="问题 The question.")],
    tenant: Tenant = "",
    org: Org = "",
    mode: Annotated[str, typer.Option(help="general | idea_gen | scripts_gen")] = "general",
    home: Home = None,
) -> None:
    """向素材库提问，回答逐句注明出处 Ask the library; each sentence names its source."""
    body = {"user_id": "cli", "question": question, "tenant_code": tenant, "org_code": org, "chat_mode": mode}
    _run(_ask(read_settings(home), body))


def search(
    query: Annotated[str, typer.Argument(help="查询文本 What to look for.")],
    collection: Annotated[str, typer.Option(help="DOC | QA")] = "DOC",
    limit: Annotated[int, typer.Option(min=1, max=200, help="条数 How many hits.")] = 5,
    tenant: Tenant = "",
    org: Org = "",
    home: Home = None,
) -> None:
    """检索素材库 Search the library."""
    body = {"query": query, "collection_type": collection, "limit": limit, "tenant_code": tenant, "org_code": org}
    _run(_search(read_settings(home), body))


def _run(work: Any) -> None:  # noqa: ANN401 (a coroutine)
    try:
        asyncio.run(work)
    except CallFailed as error:
        fail(str(error))


async def _ask(settings: Settings, body: dict[str, str]) -> None:
    async with connect(settings) as client:
        async for event in client.stream("/chat_service/chat", body):
            if not event["done"]:
                typer.echo(event["content"], nl=False)
                continue
            say("")
            for number, citation in enumerate(event["citations"], 1):
                place = f"第 {citation['page']} 页" if citation.get("page") else citation.get("heading", "")
                note(f"[{number}] {citation['name']} {place}".rstrip())
            if event["searched_for"] not in {"", body["question"]}:
                note(f"检索 {event['searched_for']}")
            if nearest := event["nearest"]:
                note(nearest["notice"])
                for passage in nearest["passages"]:
                    note(f"· {passage['name']} {passage['heading']}：{' '.join(passage['text'].split())}")
            for notice in event["notices"]:
                note(f"注 {notice}")
            for question in event["suggested_questions"]:
                note(f"可继续问 {question}")


async def _search(settings: Settings, body: dict[str, Any]) -> None:
    async with connect(settings) as client:
        hits = (await client.post("/vector_db_service/search_from_vector_db", body))["entities"][0]
        for hit in hits:
            name = hit.get("doc_name") or hit["question"]
            say(f"{hit['score']:.2f}  {name}\n      {hit.get('content') or hit['answer']}")
        if not hits:
            note("没有找到 Nothing found")
