"""LangChain's BM25 retriever (rank_bm25). Setting: ``jieba`` for its ``preprocess_func``. It has no filters."""

import logging
from collections.abc import Sequence

from langchain_community.retrievers import BM25Retriever
from langchain_core.documents import Document
from line import serve


class LangChain:
    def __init__(self, setting: dict) -> None:
        self._options: dict = {}
        if setting.get("jieba"):
            import jieba  # noqa: PLC0415 (a second of loading that the default does not need)

            jieba.setLogLevel(logging.WARNING)
            jieba.initialize()
            self._options["preprocess_func"] = jieba.lcut
        self._documents: list[Document] = []
        self._retriever: BM25Retriever | None = None

    def add(self, rows: Sequence[tuple[str, str, str]]) -> None:
        first = len(self._documents)
        self._documents += [
            Document(page_content=f"{title}\n{text}" if title else text, metadata={"at": first + at})
            for at, (_, title, text) in enumerate(rows)
        ]
        self._retriever = BM25Retriever.from_documents(self._documents, **self._options)

    def search(self, tenant: str, question: str, limit: int) -> list[int]:
        del tenant
        assert self._retriever is not None  # noqa: S101 (add comes first)
        self._retriever.k = limit
        return [int(found.metadata["at"]) for found in self._retriever.invoke(question)]


if __name__ == "__main__":
    serve(LangChain)
