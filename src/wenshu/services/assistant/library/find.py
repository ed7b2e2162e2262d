"""Search the library for its API: scope and filter and-ed, hits in the document's form."""

from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_tree import Expr
from wenshu.core.index.filters import DOC_FIELDS, QA_FIELDS, parse_filter
from wenshu.knowledge.passage import Passage
from wenshu.services.assistant.library.schemas import DocumentHit, Found, PairHit, Search
from wenshu.services.assistant.parts import Assistant

LEXICAL_NOTICE = "未配置向量模型：检索为全文检索加重排，score 与两个阈值均为 0~1 的匹配度"


async def find(parts: Assistant, scope: Scope, asked: Search, expression: Expr | None) -> Found:
    """The best hits; a hit below a threshold that the call sets is left out."""
    least = max(asked.vector_similarity_threshold or 0.0, asked.rrf_similarity_threshold or 0.0)
    passages = await parts.searcher.search(
        scope, asked.query, collection=asked.collection_type, limit=asked.limit, expression=expression, least=least
    )
    links = parts.files.links
    hits = [_hit(passage, links.signed(passage.url)) for passage in passages]
    return Found(entities=[hits], notices=[LEXICAL_NOTICE])


def parsed_filter(asked: Search) -> Expr | None:
    """The call's filter. Raises InvalidInput where it does not parse or names an unknown field."""
    fields = DOC_FIELDS if asked.collection_type == "DOC" else QA_FIELDS
    return parse_filter(asked.filter_expr or "", fields)


def _hit(passage: Passage, url: str) -> DocumentHit | PairHit:
    score = round(passage.score, 4)
    if passage.kind == "qa":
        return PairHit(question=passage.name, answer=passage.text, source=url, score=score)
    return DocumentHit(
        content=passage.text,
        doc_name=passage.name,
        doc_url=url,
        chunk_index=passage.ordinal,
        score=score,
        heading=passage.heading,
        page=passage.page,
        start=passage.start,
        end=passage.end,
    )
