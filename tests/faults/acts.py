"""The calls that change what is stored: each with its state before, a twin of the same size to time, its verdict."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2 as httpx

from faults.material import answers, questions, text, whole
from faults.outside import DocServer
from faults.store import Store

PARAGRAPHS = 4_000
PAIRS = 1_000


@dataclass(frozen=True)
class After:
    """A restarted server as its callers see it, and what it stores."""

    client: httpx.Client
    store: Store


class Act:
    """One kind of call in a tenant of its own. ``rehearse`` does the same on other rows, so that it can be timed."""

    def __init__(self, docs: DocServer, size: int = PARAGRAPHS, tenant: str = "") -> None:
        self.docs = docs
        self.size = size
        self.tenant = tenant or type(self).__name__

    def prepare(self, client: httpx.Client) -> None:
        """The state before."""

    def rehearse(self, client: httpx.Client) -> None:
        raise NotImplementedError

    def run(self, client: httpx.Client) -> bool:
        """Make the call; whether it was answered with success, False where the server died before."""
        try:
            self.act(client)
        except httpx.TransportError:
            return False
        return True

    def act(self, client: httpx.Client) -> None:
        raise NotImplementedError

    def verdict(self, after: After, *, answered: bool) -> None:
        """Assert: all of it or nothing of it, and all of it where it was answered."""
        raise NotImplementedError

    def call(self, client: httpx.Client, path: str, **body) -> dict:
        response = client.post(path, json={"tenant_code": self.tenant, **body})
        assert response.status_code == 200, response.text
        return response.json()

    def add(self, client: httpx.Client, name: str, version: str, paragraphs: int = 0) -> None:
        url = self.docs.put(f"{self.tenant}-{version}-{name}", text(version, paragraphs or self.size))
        self.call(client, "/vector_db_service/add_document", doc_url=url, doc_name=name)

    def add_pairs(self, client: httpx.Client, version: str, count: int = PAIRS, prefix: str = "") -> None:
        asked = [prefix + question for question in questions(count)]
        self.call(client, "/vector_db_service/add_qa", question=asked, answer=answers(version, count))


class AddDocument(Act):
    def rehearse(self, client):
        self.add(client, "twin.txt", "甲")

    def act(self, client):
        self.add(client, "new.txt", "乙")

    def verdict(self, after, *, answered):
        found = after.store.document(self.tenant, "new.txt")
        assert found == whole("乙", self.size) or (found is None and not answered)
        assert after.store.document(self.tenant, "twin.txt") in (whole("甲", self.size), None)


class AddSeveral(Act):
    """Six documents in one call: each is its own step."""

    @property
    def each(self) -> int:
        return self.size // 4

    def rehearse(self, client):
        self._add(client, "甲", "twin")

    def act(self, client):
        self._add(client, "乙", "new")

    def _add(self, client, version, prefix):
        names = [f"{prefix}-{number}.txt" for number in range(6)]
        urls = [self.docs.put(f"several-{version}-{name}", text(version, self.each)) for name in names]
        self.call(client, "/vector_db_service/add_multi_document", multi_doc_urls=urls, doc_names=names)

    def verdict(self, after, *, answered):
        for number in range(6):
            found = after.store.document(self.tenant, f"new-{number}.txt")
            assert found == whole("乙", self.each) or (found is None and not answered)


class ReplaceDocument(Act):
    def prepare(self, client):
        self.add(client, "rules.txt", "甲")
        self.add(client, "twin.txt", "甲")

    def rehearse(self, client):
        self.add(client, "twin.txt", "乙")

    def act(self, client):
        self.add(client, "rules.txt", "乙", self.size + 500)

    def verdict(self, after, *, answered):
        found = after.store.document(self.tenant, "rules.txt")
        assert found == whole("乙", self.size + 500) or (found == whole("甲", self.size) and not answered)


class DeleteDocuments(Act):
    """Three of four: one step."""

    def prepare(self, client):
        for name in ("a.txt", "b.txt", "c.txt", "kept.txt", "twin-a.txt", "twin-b.txt", "twin-c.txt"):
            self.add(client, name, "甲", self.size // 2)

    def rehearse(self, client):
        self._delete(client, "twin-")

    def act(self, client):
        self._delete(client, "")

    def _delete(self, client, prefix):
        names = [f"{prefix}{name}.txt" for name in "abc"]
        self.call(client, "/vector_db_service/del_document", doc_name=names)

    def verdict(self, after, *, answered):
        left = [after.store.document(self.tenant, f"{name}.txt") for name in "abc"]
        all_there = [whole("甲", self.size // 2)] * 3
        assert left == [None] * 3 or (left == all_there and not answered)
        assert after.store.document(self.tenant, "kept.txt") == whole("甲", self.size // 2)


class Clear(Act):
    """A whole tenant: documents and pairs in one step, and nobody else's."""

    def prepare(self, client):
        Clear(self.docs, tenant="neighbour").add(client, "n.txt", "甲", 100)
        for tenant in (self, Clear(self.docs, self.size, "twin")):
            tenant.add(client, "a.txt", "甲")
            tenant.add_pairs(client, "甲", 200)

    def rehearse(self, client):
        self.call(client, "/vector_db_service/del_collection", tenant_code="twin")

    def act(self, client):
        self.call(client, "/vector_db_service/del_collection")

    def verdict(self, after, *, answered):
        left = after.store.document(self.tenant, "a.txt"), after.store.pairs(self.tenant)
        before = whole("甲", self.size), dict(zip(questions(200), answers("甲", 200), strict=True))
        assert left == (None, {}) or (left == before and not answered)
        assert after.store.document("neighbour", "n.txt") == whole("甲", 100)


class ReplacePairs(Act):
    """A thousand in one step."""

    def prepare(self, client):
        self.add_pairs(client, "甲")

    def rehearse(self, client):
        self.add_pairs(client, "甲")

    def act(self, client):
        self.add_pairs(client, "乙")

    def verdict(self, after, *, answered):
        found = after.store.pairs(self.tenant)
        old, new = (dict(zip(questions(PAIRS), answers(version, PAIRS), strict=True)) for version in "甲乙")
        assert found == new or (found == old and not answered)


class DeletePairs(Act):
    def prepare(self, client):
        self.add_pairs(client, "甲")
        self.add_pairs(client, "甲", prefix="孪生")

    def rehearse(self, client):
        self._delete(client, "孪生")

    def act(self, client):
        self._delete(client, "")

    def _delete(self, client, prefix):
        doomed = [prefix + question for question in questions(PAIRS)[: PAIRS // 2]]
        self.call(client, "/vector_db_service/del_qa", question=doomed)

    def verdict(self, after, *, answered):
        left = {question for question in after.store.pairs(self.tenant) if not question.startswith("孪生")}
        asked = questions(PAIRS)
        assert left == set(asked[PAIRS // 2 :]) or (left == set(asked) and not answered)


class Upload(Act):
    """Five files, stored and parsed one after another."""

    def __init__(self, *given):
        super().__init__(*given)
        self.bodies = {f"{number}.txt": text("甲乙丙丁戊"[number], self.size // 2).encode() for number in range(5)}
        self.links: dict[str, str] = {}

    def rehearse(self, client):
        self._upload(client)

    def act(self, client):
        self.links = self._upload(client)

    def _upload(self, client):
        files = [("files", (name, body, "text/plain")) for name, body in self.bodies.items()]
        data = {"tenant_code": self.tenant}
        response = client.post("/chat_service/upload_and_parse", files=files, data=data)
        assert response.status_code == 200, response.text
        parsed = response.json()["data"]
        assert [file["parse_success"] for file in parsed] == [True] * 5
        return {file["file_name"]: file["file_url"] for file in parsed}

    def verdict(self, after, *, answered):
        if answered:
            assert set(self.links) == set(self.bodies)
        for name, link in self.links.items():
            parts = urlsplit(link)
            assert after.client.get(f"{parts.path}?{parts.query}").content == self.bodies[name]


class Chat(Act):
    """Twelve questions at once, half of them streamed, in three sessions and in new ones."""

    count = 12

    def __init__(self, *given):
        super().__init__(*given)
        self.told: dict[str, dict] = {}
        self.begun: set[str] = set()

    def prepare(self, client):
        self.add_pairs(client, "甲", 100)

    def rehearse(self, client):
        self._ask_all(client, "rehearsal")

    def act(self, client):
        self.told.clear()
        self.begun.clear()
        if not self._ask_all(client, "asker"):
            raise httpx.ReadError("cut")

    def _ask_all(self, client, user):
        with ThreadPoolExecutor(self.count) as pool:
            return all(pool.map(lambda number: self._ask(client, user, number), range(self.count)))

    def _ask(self, client, user, number) -> bool:
        question = questions(self.count)[number]
        body = {"tenant_code": self.tenant, "user_id": user, "question": question}
        if number < 6:
            body["session_id"] = f"{user}-{number % 3}"
        with suppress(httpx.TransportError):
            if number % 2:
                self.told[question] = self.call(client, "/chat_service/chat", **body, stream=False)["data"]
                return True
            return self._follow(client, question, body)
        return False

    def _follow(self, client, question, body) -> bool:
        with client.stream("POST", "/chat_service/chat", json=body) as response:
            assert response.status_code == 200
            for event in events(response):
                self.begun.add(event["session_id"])
                if event["done"]:
                    self.told[question] = {**event, "answer": event["content"]}
                    return True
        return False

    def verdict(self, after, *, answered):
        del answered
        listed = after.client.get(
            "/chat_service/sessions", params={"user_id": "asker", "tenant_code": self.tenant}
        ).json()
        ids = [session["session_id"] for session in listed["data"]]
        assert len(ids) == len(set(ids))
        assert self.begun | {told["session_id"] for told in self.told.values()} <= set(ids)
        history = {}
        for session_id in ids:
            messages = after.client.get(f"/chat_service/session/{session_id}/messages").json()["data"]
            assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2)
            history |= {asked["content"]: said for asked, said in zip(messages[::2], messages[1::2], strict=True)}
        for question, said in history.items():
            number = int(re.findall(r"\d+", question)[0])
            assert f"由第{number}小组保管" in said["content"]
        for question, told in self.told.items():
            assert history[question]["content"] == told["answer"]
            assert history[question]["id"] == told["message_id"]


def events(response: httpx.Response):
    """The events of a stream so far; ends where the connection does."""
    for line in response.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


ACTS = [
    AddDocument,
    AddSeveral,
    ReplaceDocument,
    DeleteDocuments,
    Clear,
    ReplacePairs,
    DeletePairs,
    Upload,
    Chat,
]
