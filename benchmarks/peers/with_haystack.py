"""Haystack's in-memory store with its own BM25. Setting: ``tenants`` filters each question to its own."""

from collections.abc import Sequence

from haystack import Document
from haystack.document_stores.in_memory import InMemoryDocumentStore
from line import serve


class Haystack:
    def __init__(self, setting: dict) -> None:
        self._filtered = bool(setting.get("tenants"))
        self._store = InMemoryDocumentStore(shared=False)

    def add(self, rows: Sequence[tuple[str, str, str]]) -> None:
        first = self._store.count_documents()
        self._store.write_documents(
            [
                Document(id=str(first + at), content=f"{title}\n{text}" if title else text, meta={"tenant": tenant})
                for at, (tenant, title, text) in enumerate(rows)
            ]
        )

    def search(self, tenant: str, question: str, limit: int) -> list[int]:
        own = {"field": "meta.tenant", "operator": "==", "value": tenant} if self._filtered else None
        return [int(found.id) for found in self._store.bm25_retrieval(question, filters=own, top_k=limit)]


if __name__ == "__main__":
    serve(Haystack)
