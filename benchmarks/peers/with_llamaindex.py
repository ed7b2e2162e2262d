"""LlamaIndex's BM25 retriever (bm25s). Settings: ``characters`` for its token pattern, ``tenants`` for its filters.

It cannot grow: every ``add`` builds it anew. A filter belongs to a retriever: each tenant has one, over the same index.
"""

from collections.abc import Sequence

from line import serve
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import ExactMatchFilter, MetadataFilters
from llama_index.retrievers.bm25 import BM25Retriever


class LlamaIndex:
    def __init__(self, setting: dict) -> None:
        self._filtered = bool(setting.get("tenants"))
        self._options = {"token_pattern": r"(?u)\w"} if setting.get("characters") else {}
        self._limit = int(setting.get("limit", 5))
        self._nodes: list[TextNode] = []
        self._retrievers: dict[str, BM25Retriever] = {}

    def add(self, rows: Sequence[tuple[str, str, str]]) -> None:
        for tenant, title, text in rows:
            metadata = {"tenant": tenant, **({"title": title} if title else {})}
            self._nodes.append(
                TextNode(
                    id_=str(len(self._nodes)), text=text, metadata=metadata, excluded_embed_metadata_keys=["tenant"]
                )
            )
        retriever = BM25Retriever.from_defaults(nodes=self._nodes, similarity_top_k=self._limit, **self._options)
        self._retrievers = {"": retriever}

    def search(self, tenant: str, question: str, limit: int) -> list[int]:
        assert limit == self._limit  # noqa: S101 (fixed when it is made)
        retriever = self._retrievers.get(tenant if self._filtered else "") or self._narrowed(tenant)
        return [int(found.node.node_id) for found in retriever.retrieve(question)]

    def _narrowed(self, tenant: str) -> BM25Retriever:
        whole = self._retrievers[""]
        whole.bm25.corpus = whole.corpus  # as after loading a stored one
        filters = MetadataFilters(filters=[ExactMatchFilter(key="tenant", value=tenant)])
        narrowed = BM25Retriever(
            existing_bm25=whole.bm25, similarity_top_k=self._limit, filters=filters, **self._options
        )
        self._retrievers[tenant] = narrowed
        return narrowed


if __name__ == "__main__":
    serve(LlamaIndex)
