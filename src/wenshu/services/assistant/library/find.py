"""Search the library for its API: scope and filter and-ed, hits in the document's form."""

from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_tree import Expr
from wenshu.core.index.filters import DOC_FIELDS, QA_FIELDS, parse_filter
from wenshu.knowledge.search import Hit, Least, Searched
from wenshu.services.assistant.library.schemas import DocumentHit, Found, PairHit, Search
from wenshu.services.assistant.parts import Assistant

LEXICAL_NOTICE = "未配置向量模型：检索为全文检索加重排，score 与两个阈值均为 0~1 的匹配度"
FAILED_NOTICE = "向量模型暂不可用：本次为全文检索加重排，两个阈值按 score 计"


async def find(parts: Assistant, scope: Scope, asked: Search, expression: Expr | None) -> Found:
    """The best hits; a hit below a threshold that the call sets is left out."""
    least = Least(_threshold(asked.vector_similarity_threshold), asked.rrf_similarity_threshold or 0.0)
    searched = await parts.searcher.look(
        scope,
        asked.query,
        collection=asked.collection_type,
        limit=asked.limit,
        expression=expression,
        hybrid=asked.use_hybrid,
        least=least,
    )
    links = parts.files.links
    hits = [_hit(hit, links.signed(hit.passage.url)) for hit in searched.hits]
    return Found(entities=[hits], notices=_notices(searched))


def _threshold(value: float | None) -> float:
    """No threshold lets a negative cosine through, too."""
    return -1.0 if value is None else value


def _notices(searched: Searched) -> list[str]:
    if searched.legs != "terms":
        return []
    return [FAILED_NOTICE if searched.embedder_failed else LEXICAL_NOTICE]


def parsed_filter(asked: Search) -> Expr | None:
    """The call's filter. Raises InvalidInput where it does not parse or names an unknown field."""
    fields = DOC_FIELDS if asked.collection_type == "DOC" else QA_FIELDS
    return parse_filter(asked.filter_expr or "", fields)


def _hit(hit: Hit, url: str) -> DocumentHit | PairHit:
    passage, score = hit.passage, round(hit.passage.score, 4)
    measured = {
        "vector_similarity": None if hit.cosine is None else round(hit.cosine, 4),
        "rrf_similarity": None if hit.rrf is None else round(hit.rrf, 6),
    }
    if passage.kind == "qa":
        return PairHit(question=passage.name, answer=passage.text, source=url, score=score, **measured)
    return DocumentHit(
        content=passage.text,
        doc_name=passage.name,
        doc_url=url,
        chunk_index=passage.ordinal,
        heading=passage.heading,
        page=passage.page,
        start=passage.start,
        end=passage.end,
        score=score,
        **measured,
    )
