"""A world of material, one row a scope, in tenants that no other test knows; and what a caller can see of it."""

from collections.abc import Mapping
from typing import Any

import httpx2 as httpx

from contracts.assistant.material import Material
from contracts.assistant.transcripts import workbook
from contracts.assistant.wire import CHAT, LIBRARY, succeeded

Codes = dict[str, str]
QUESTION = "仓库的钥匙放在哪里"


class World:
    """``scopes`` maps a scope's label to the codes that name it; tenants get the test's own tag."""

    def __init__(self, client: httpx.Client, material: Material, scopes: Mapping[str, Codes], tag: str) -> None:
        self.client = client
        self.material = material
        self.tag = tag
        self.scopes = {label: self.named(codes) for label, codes in scopes.items()}

    def named(self, codes: Mapping[str, str]) -> Codes:
        """The codes with the tenant made this world's own; a tenant that is no plain code stays as it is."""
        tenant = codes.get("tenant_code", "")
        own = f"{self.tag}-{tenant}" if tenant and tenant.replace(".", "").replace("_", "").isalnum() else tenant
        return {**codes, "tenant_code": own} if "tenant_code" in codes else dict(codes)

    def document_name(self, label: str) -> str:
        """The name of the scope's own document."""
        return f"{self.tag} {label.replace('/', '-')}.txt"

    def question(self, label: str) -> str:
        """The question of the scope's own pair."""
        return f"{QUESTION}（{self.tag} {label}）"

    def fill(self) -> None:
        """One document and one pair in each scope."""
        for label, codes in self.scopes.items():
            self.add_document(label, codes)
            self.add_pair(label, codes)

    def add_document(self, label: str, codes: Codes, text: str = "") -> None:
        """A document, named for a scope, in the scope that the codes name."""
        name = self.document_name(label)
        url = self.material.document(name, f"{QUESTION}：{text or label}。{self.tag}")
        body = {**codes, "doc_url": url, "doc_name": name}
        succeeded(self.client.post(f"{LIBRARY}/add_document", json=body))

    def add_pair(self, label: str, codes: Codes, answer: str = "") -> None:
        """A pair, named for a scope, in the scope that the codes name."""
        body = {**codes, "question": self.question(label), "answer": answer or label, "source": label}
        succeeded(self.client.post(f"{LIBRARY}/add_qa", json=body))

    def search(self, codes: Codes, kind: str, expression: str = "") -> list[dict[str, Any]]:
        """This world's hits of a search that would find every row there is."""
        asked = {"query": f"{QUESTION}{self.tag}", "collection_type": kind, "limit": 200, "filter_expr": expression}
        data = succeeded(self.client.post(f"{LIBRARY}/search_from_vector_db", json={**codes, **asked}))
        (hits,) = data["entities"]
        # The global scope belongs to all tests: rows of other worlds are not this one's business.
        return [hit for hit in hits if self.tag in hit.get("doc_name", hit.get("question", ""))]

    def found(self, codes: Codes) -> dict[str, set[str]]:
        """Names of documents and questions of pairs that the caller finds."""
        return {
            "DOC": {hit["doc_name"] for hit in self.search(codes, "DOC")},
            "QA": {hit["question"] for hit in self.search(codes, "QA")},
        }

    def names(self, labels: list[str]) -> dict[str, set[str]]:
        """What a caller who sees these scopes should find."""
        return {"DOC": set(map(self.document_name, labels)), "QA": set(map(self.question, labels))}

    def template(self, label: str) -> bytes:
        """A filled-in template with the scope's question."""
        return workbook([["问题", "答案", "来源"], [self.question(label), "新答案", "新来源"]])

    def sessions(self, user_id: str) -> dict[str, str]:
        """A session of the same user in each scope: label → id."""
        return {label: self.session(label, user_id) for label in self.scopes}

    def session(self, label: str, user_id: str) -> str:
        """The id of a new session in the scope, with the scope for its title."""
        body = {**self.scopes[label], "user_id": user_id, "title": label}
        return succeeded(self.client.post(f"{CHAT}/session", json=body))["session_id"]


def covers(codes: Codes, others: Codes) -> bool:
    """Whether a caller of these codes sees a row stored under the others: a tenant sees its orgs, nobody else does."""
    mine, theirs = ({key: code for key, code in each.items() if code} for each in (codes, others))
    return mine == theirs or ("tenant_code" in mine and "org_code" not in mine and mine.items() <= theirs.items())
