"""The world of the matrix: two tenants on one server, everything of A/a1 marked with a word, callers of every kind."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.accounts.people import People, bearer
from contracts.accounts.wire import log_in
from contracts.assistant.wire import CHAT, LIBRARY, succeeded
from serving import ServerProcess

ROLES = ["viewer", "member", "editor", "admin"]
Headers = dict[str, str]


@dataclass(frozen=True)
class Things:
    """What belongs to A/a1, for one try: values of placeholders."""

    values: dict[str, str]
    headers: Headers = field(default_factory=dict)


class Nation:
    """One server's world. Credentials are made once; things anew where a call may use them up."""

    def __init__(self, server: ServerProcess, client: httpx.Client, *, trusting: bool) -> None:
        self.server = server
        self.client = client
        self.trusting = trusting
        self.people = People(client, server.home)
        self._known: dict[str, Headers] = {}
        self.tag = uuid4().hex[:8]
        self.marker = f"玄武{self.tag}"
        self.a, self.b = f"{self.tag}-a", f"{self.tag}-b"
        self.scope = {"tenant_code": self.a, "org_code": "a1"}
        for tenant in (self.a, self.b):
            self.people.tenant(tenant)

    def fill(self) -> None:
        """A document and a pair in A/a1 that say the marker."""
        owner = self.citizen("admin")
        link = self.link(owner)
        body = {**self.scope, "doc_url": link, "doc_name": f"{self.marker}.txt"}
        succeeded(self.client.post(f"{LIBRARY}/add_document", json=body, headers=owner))
        pair = {"question": f"仓库的钥匙放在哪里（{self.marker}）", "answer": f"放在{self.marker}"}
        succeeded(self.client.post(f"{LIBRARY}/add_qa", json={**self.scope, **pair}, headers=owner))

    def link(self, owner: Headers) -> str:
        """The signed link of a file of A/a1."""
        text = f"仓库的钥匙放在前台{self.marker}。".encode()
        form = {"data": self.scope, "files": {"file": (f"{self.marker}.txt", text)}}
        return succeeded(self.client.post(f"{CHAT}/upload", headers=owner, **form))["file_url"]

    def citizen(self, role: str, tenant: str = "", org: str = "a1", *, operator: bool = False) -> Headers:
        """A user of the role, of A/a1 unless named otherwise."""
        tenant = tenant or self.a
        name = f"{self.tag}-{role}-{tenant}-{org}-{operator}"
        if name not in self._known:
            self._known[name] = self.people.session(tenant, name, role, org=org, operator=operator).headers
        return self._known[name]

    def key(self, role: str, family: str, org: str = "a1") -> Headers:
        """A key of A/a1, or of all of A, for one family."""
        name = f"key-{role}-{family}-{org}"
        if name not in self._known:
            self._known[name] = bearer(self.people.key(self.a, role, org=org, families=[family]))
        return self._known[name]

    @property
    def owner_id(self) -> str:
        """The id of A/a1's administrator, who has made all that is marked."""
        return jwt.decode(self.citizen("admin")["Authorization"][7:], options={"verify_signature": False})["sub"]

    def below(self, role: str) -> Headers:
        """A caller of A/a1 with all but the needed role; below the lowest there is one with none."""
        at = ROLES.index(role)
        return self.citizen(ROLES[at - 1]) if at else bearer(self.minted(roles=[]))

    def minted(self, *, key: Ed25519PrivateKey | None = None, **claims: Any) -> str:
        """A token of A/a1 like ours but for these claims, signed with our own key or another."""
        with closing(sqlite3.connect(f"file:{self.server.home / 'wenshu.sqlite3'}?mode=ro", uri=True)) as database:
            newest = "SELECT kid, private_pem FROM signing_keys WHERE retired_at IS NULL ORDER BY created_at DESC"
            kid, pem = database.execute(newest).fetchone()
        ours = jwt.decode(self.citizen("admin")["Authorization"][7:], options={"verify_signature": False})
        return jwt.encode({**ours, **claims}, key or pem, algorithm="EdDSA", headers={"kid": kid})

    def expired(self) -> Headers:
        """A token of A/a1's administrator that ended a second ago."""
        return bearer(self.minted(iat=1, exp=2))

    def forged(self) -> Headers:
        """The same, alive, signed with a key that is not ours."""
        return bearer(self.minted(key=Ed25519PrivateKey.generate(), operator=True))

    def things(self, route: str) -> Things:
        """What the route's placeholders stand for, all of A/a1 and new."""
        owner = self.citizen("admin")
        if route.endswith(("/chat", "/passage", "/search_from_vector_db", "{marker}", "/completions", "/chat/{model}")):
            self.fill()
        fresh = f"{self.tag}-{uuid4().hex[:8]}"
        values = {"tag": self.tag, "fresh": fresh, "marker": self.marker, "model": "default"}
        if "/session/" in route or "/stream/" in route:
            values |= self.conversation(owner, deleted=route.endswith("/restore"))
        elif "/imports/" in route or "/jobs/" in route:
            over = route.endswith(("/retry", "/progress"))
            values["import_id"] = values["job_id"] = self.job(owner, cancelled=over)
        elif route.endswith("{alias}"):
            values["alias"] = fresh
            body = {"models": ["wenshu-extractive"]}
            whole = self.citizen("admin", org="")
            put = self.client.put(f"/api/v1/admin/gateway/aliases/{fresh}", json=body, headers=whole)
            assert put.status_code == 200, put.text
        elif "{link}" in route or "/files/" in route or "add_" in route:
            values["link"] = self.link(owner)
        elif "/export/" in route:
            body = {"userId": self.marker}
            made = self.client.post("/api/v1/admin/export", json=body, headers=owner)
            values["jobId"] = made.json()["data"]["jobId"]
        elif "/users/" in route:
            values["userId"] = self.people.user(self.a, f"{self.marker}-{fresh}", "viewer", org="a1").user_id
        elif "/keys/" in route:
            body = {"name": self.marker, "orgCode": "a1"}
            values["keyId"] = self.people.call("POST", "/keys", self.a, json=body).json()["data"]["keyId"]
        elif "/forms/" in route or "/task/" in route or "/webhook-deliveries/" in route:
            values |= self.forms(owner, fresh)
        elif "/tenants/" in route:
            values["tenantId"] = self.people.tenant(f"{self.marker}-{fresh}")
        elif route.endswith("/password"):
            person = self.people.user(self.a, fresh, "viewer", org="a1")
            session = log_in(self.client, person.username, person.password)
            return Things({**values, "password": person.password}, session.headers)
        return Things(values)

    def job(self, owner: Headers, *, cancelled: bool) -> str:
        """A queued import, or one that is over."""
        items = [{"doc_url": "http://127.0.0.1:9/x", "doc_name": f"{self.marker} 3.txt"}]
        made = self.client.post(f"{LIBRARY}/imports", json={**self.scope, "items": items}, headers=owner)
        job = succeeded(made)["import_id"]
        if cancelled:
            succeeded(self.client.post(f"{LIBRARY}/imports/{job}/cancel", params=self.scope, headers=owner))
        return job

    def forms(self, owner: Headers, fresh: str) -> dict[str, str]:
        """A form, a task that waits, and a delivery that was given up."""
        definition = {"title": self.marker, "type": "object", "properties": {"A": {"type": "string"}}}
        code = f"{self.marker}-{fresh}"
        assert self.client.put(f"/api/v1/forms/{code}", json=definition, headers=owner).status_code == 200
        body = {"utterance": self.marker, "form_code": code, "async": True}
        task = self.client.post("/api/v1/task/form-extraction", json=body, headers=owner).json()["task_id"]
        delivery = uuid4().hex
        values = (delivery, self.a, "a1", task, f"http://example.com/{self.marker}", "{}", "dead", 1, self.marker)
        columns = "id, tenant_code, org_code, task_id, url, body, state, attempts, error"
        with closing(sqlite3.connect(self.server.home / "wenshu.sqlite3", timeout=30)) as database, database:
            database.execute(
                f"INSERT INTO form_deliveries ({columns}, due_at, give_up_at, created_at) "  # noqa: S608 (own words)
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)",
                values,
            )
        return {"form_code": code, "task_id": task, "delivery_id": delivery}

    def conversation(self, owner: Headers, *, deleted: bool) -> dict[str, str]:
        """A session with a question, its answer and the answer's first source."""
        made = {**self.scope, "user_id": self.tag, "title": self.marker}
        session = succeeded(self.client.post(f"{CHAT}/session", json=made, headers=owner))["session_id"]
        asked = {**self.scope, "user_id": self.tag, "session_id": session, "question": "仓库的钥匙放在哪里？"}
        answer = succeeded(self.client.post(f"{CHAT}/chat", json={**asked, "stream": False}, headers=owner))
        if deleted:
            succeeded(self.client.delete(f"{CHAT}/session/{session}", headers=owner))
        ids = {"session_id": session, "message_id": str(answer["message_id"]), "stream_id": answer["stream_id"]}
        return {**ids, "marker": "1"}
