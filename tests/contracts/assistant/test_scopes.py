"""The cross-tenant matrix of callers without a token: every route, every scope, by words and by id."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from contracts.assistant.material import Material
from contracts.assistant.wire import CHAT, LIBRARY, failed, objection, succeeded
from contracts.assistant.world import World, covers

MATRIX: dict[str, Any] = json.loads(Path(__file__).with_name("scopes.json").read_text("utf-8"))
CALLERS: dict[str, Any] = MATRIX["callers"]
UNKNOWN = "0" * 32
BODY_OF_ANYTHING = {
    "doc_url": "http://127.0.0.1:9/x",
    "doc_name": ["甲.txt"],
    "multi_doc_urls": ["http://127.0.0.1:9/x"],
    "doc_names": ["甲.txt"],
    "question": ["甲？"],
    "answer": ["乙"],
    "query": "甲",
    "collection_type": "QA",
    "user_id": "u",
    "title": "题",
}
FILE_QUESTION = "钥匙在哪里？"


def having(*kinds: str) -> list[str]:
    """The routes of these kinds."""
    return [route for route, kind in MATRIX["routes"].items() if kind in kinds]


def told(rows: list[dict[str, Any]]) -> list[Any]:
    """Each row as a test, named by what it says."""
    return [pytest.param(row, id=" ".join(str(value) for value in row.values())) for row in rows]


@dataclass(frozen=True)
class Still:
    """A filled world that no test changes, with a session of the same user in each scope."""

    world: World
    sessions: dict[str, str]


@pytest.fixture(scope="module")
def still(client: httpx.Client, material: Material) -> Still:
    world = World(client, material, MATRIX["scopes"], uuid4().hex[:12])
    world.fill()
    return Still(world, world.sessions(world.tag))


@pytest.fixture
def world(client: httpx.Client, material: Material, tag: str) -> World:
    return World(client, material, MATRIX["scopes"], tag)


def body_for(route: str) -> dict[str, Any]:
    """A body that is right for the route but for its scope."""
    body = dict(BODY_OF_ANYTHING)
    if route.endswith("/add_document"):
        body["doc_name"] = "甲.txt"
    if route.endswith("/chat"):
        body["question"] = "甲？"
    return body


def test_the_matrix_has_every_route(routes: list[str]) -> None:
    ours = [
        route
        for route in routes
        if any(part in route for part in ("_service/", "/files/", "/admin/jobs")) or route.endswith("z")
    ]
    assert sorted(MATRIX["routes"]) == ours


@pytest.mark.parametrize(
    "route",
    having(
        "reads",
        "reads a passage",
        "writes",
        "deletes",
        "lists",
        "lists ratings",
        "changes nothing",
        "takes an id",
        "files",
    ),
)
@pytest.mark.usefixtures("untouched")
def test_codes_that_name_no_scope_are_refused_everywhere(route: str, client: httpx.Client, tag: str) -> None:
    method, path = route.split(" ")
    faults: list[str] = []
    for label, caller in CALLERS.items():
        if "refused" not in caller:
            continue
        body = {**body_for(route), **caller["names"]}
        if method == "GET":
            asked = {"user_id": tag, "doc_name": "甲.txt", "chunk_index": "0"}
            response = client.get(path, params={**caller["names"], **asked})
        elif "upload" in path or "template" in path:
            response = client.post(path, data=caller["names"], files={"file": ("甲.txt", "正文".encode())})
        else:
            response = client.post(path, json=body)
        fault = objection(response, caller["refused"])
        faults += [f"{label}: {fault}"] if fault else []
    assert faults == []


def callers(flag: str) -> pytest.MarkDecorator:
    """A test for each caller who has this in the table."""
    return pytest.mark.parametrize("label", [label for label, caller in CALLERS.items() if flag in caller])


@callers("sees")
def test_search_and_chat_read_just_what_the_caller_sees(still: Still, label: str) -> None:
    world = still.world
    codes, visible = world.named(CALLERS[label]["names"]), CALLERS[label]["sees"]
    assert world.found(codes) == world.names(visible)
    everything = "tenant_code != 'nobody' or tenant_code == '' or org_code like '%' or not (chunk_index < 0)"
    hits = world.search(codes, "DOC", everything)
    assert {hit["doc_name"] for hit in hits} == world.names(visible)["DOC"]
    hidden = [label for label in world.scopes if label not in visible]
    for other in [*visible[:1], *hidden]:
        asked = {**codes, "user_id": f"{world.tag}x", "question": world.question(other), "stream": False, "limit": 200}
        answer = succeeded(world.client.post(f"{CHAT}/chat", json=asked))
        used = {document["name"] for document in answer["sources"]["documents"] if world.tag in document["name"]}
        assert used <= set().union(*world.names(visible).values())
        assert used or other in hidden


@callers("changes")
@pytest.mark.parametrize("route", having("deletes"))
def test_deletes_just_what_the_caller_sees(world: World, label: str, route: str) -> None:
    world.fill()
    codes, visible = world.named(CALLERS[label]["names"]), CALLERS[label]["sees"]
    names = world.names(list(world.scopes))
    body = {**codes, "doc_name": sorted(names["DOC"]), "question": sorted(names["QA"])}
    succeeded(world.client.post(route.split(" ")[1], json=body))
    gone = {"del_collection": {"DOC", "QA"}, "del_document": {"DOC"}, "del_qa": {"QA"}}[route.rsplit("/", 1)[1]]
    for scope, named in world.scopes.items():
        found = world.found(named)
        for kind in ("DOC", "QA"):
            left = [s for s, c in world.scopes.items() if covers(named, c) and (kind not in gone or s not in visible)]
            assert found[kind] == world.names(left)[kind], (scope, kind)


@callers("changes")
@pytest.mark.parametrize("route", having("writes"))
def test_writes_into_just_the_scope_that_the_caller_names(world: World, label: str, route: str) -> None:
    kind = "DOC" if "document" in route else "QA"
    for scope, codes in world.scopes.items():
        if kind == "DOC":
            world.add_document("同名", codes, text=f"原文{scope}")
        else:
            world.add_pair("同名", codes, answer=f"原文{scope}")
    codes = world.named(CALLERS[label]["names"])
    before = {scope: texts(world, named, kind) for scope, named in world.scopes.items()}
    write(world, codes, route.split(" ")[1])
    replaces = codes in world.scopes.values()
    for scope, named in world.scopes.items():
        after = texts(world, named, kind)
        fresh, stale = after - before[scope], before[scope] - after
        concerned = covers(named, codes)
        assert (len(fresh), len(stale)) == (int(concerned), int(concerned and replaces)), (scope, fresh, stale)
    assert any("新答案" in text for text in texts(world, codes, kind))


@callers("sees")
@pytest.mark.parametrize("route", having("lists"))
def test_lists_just_the_sessions_that_the_caller_sees(still: Still, label: str, route: str) -> None:
    world, made = still.world, still.sessions
    codes, visible = world.named(CALLERS[label]["names"]), CALLERS[label]["sees"]
    rows = listed(world, route, {**codes, "user_id": world.tag})
    assert sorted(row["session_id"] for row in rows) == sorted(made[scope] for scope in visible)
    for row in rows:
        scope = next(scope for scope, session_id in made.items() if session_id == row["session_id"])
        owner = {"tenant_code": "", "org_code": "", **world.scopes[scope]}
        assert {key: row[key] for key in owner} == owner
    assert listed(world, route, {**codes, "user_id": f"{world.tag}y"}) == []


@callers("sees")
def test_a_taken_session_id_is_taken_for_everybody(still: Still, label: str) -> None:
    codes = still.world.named(CALLERS[label]["names"])
    for session_id in still.sessions.values():
        body = {**codes, "user_id": "x", "session_id": session_id}
        assert failed(still.world.client.post(f"{CHAT}/session", json=body), 409) == "会话已存在"


def write(world: World, codes: dict[str, str], path: str) -> None:
    """Store the new text under the name that every scope has."""
    name, question = world.document_name("同名"), world.question("同名")
    url = world.material.document(f"新{name}", f"新答案 {world.tag}")
    lists = {"multi_doc_urls": [url], "doc_names": [name]}
    body = {**codes, **lists, "doc_url": url, "doc_name": name, "question": question, "answer": "新答案"}
    if path.endswith("template"):
        succeeded(world.client.post(path, data=codes, files={"file": ("问答.xlsx", world.template("同名"))}))
    else:
        succeeded(world.client.post(path, json=body))


def listed(world: World, route: str, query: dict[str, str]) -> list[Any]:
    """The sessions of a list answer, grouped or not."""
    data = succeeded(world.client.get(route.split(" ")[1], params=query))
    return data if isinstance(data, list) else [row for group in data.values() for row in group]


def texts(world: World, codes: dict[str, str], kind: str) -> set[str]:
    """Contents or answers that the caller finds under any name."""
    return {hit.get("content") or hit["answer"] for hit in world.search(codes, kind)}


@pytest.mark.parametrize("row", told(MATRIX["by_id"]))
@pytest.mark.parametrize("route", having("by session id"))
def test_a_session_id_opens_unless_a_hint_contradicts(world: World, route: str, row: dict[str, Any]) -> None:
    session_id = world.session(row["of"], "owner") if row["of"] else UNKNOWN
    method, path = route.split(" ")
    options = {"json": {"title": "改了"}} if path.endswith("/title") else {}
    if path.endswith("/restore") and row["of"]:
        succeeded(world.client.delete(f"{CHAT}/session/{session_id}"))
    address = path.replace("{session_id}", session_id)
    response = world.client.request(method, address, params=world.named(row["hints"]), **options)
    if row["status"] == 200:
        succeeded(response)
        return
    message = failed(response, row["status"])
    if row["status"] == 404:
        unknown = world.client.request(method, path.replace("{session_id}", UNKNOWN), **options)
        assert message == failed(unknown, 404), "tells that the id exists"
    if row["of"]:
        was = world.client.get(f"{CHAT}/session/{session_id}")
        if path.endswith("/restore"):
            failed(was, 404)
        else:
            assert succeeded(was)["title"] == row["of"]


@pytest.mark.parametrize("row", told(MATRIX["by_id"]))
@pytest.mark.parametrize("route", having("by message id"))
def test_a_message_opens_with_its_own_session_only(world: World, route: str, row: dict[str, Any]) -> None:
    label = row["of"] or "global"
    world.add_pair(label, world.scopes[label])
    session_id, message_id = answered(world, label)
    codes = world.named(row["hints"])
    response = on_message(world, route, (session_id if row["of"] else UNKNOWN, message_id), codes)
    if row["status"] == 200:
        succeeded(response)
    else:
        failed(response, row["status"])
    # The id of another session's message is no message of this one, whoever owns both.
    other, _ = answered(world, label)
    assert failed(on_message(world, route, (other, message_id), {}), 404) == "消息不存在"
    said = succeeded(world.client.get(f"{CHAT}/session/{session_id}/messages"))
    changed = row["status"] == 200
    assert (said[1]["feedback"] is not None) == (changed and route.endswith("/feedback"))
    assert (len(said[1]["versions"]) == 2) == (changed and route.endswith("/regenerate"))


def answered(world: World, label: str) -> tuple[str, int]:
    """A session of the owner's in the scope with one question answered: its id and the answer's."""
    session_id = world.session(label, "owner")
    asked = {**world.scopes[label], "user_id": "owner", "session_id": session_id, "question": world.question(label)}
    answer = succeeded(world.client.post(f"{CHAT}/chat", json={**asked, "stream": False}))
    assert answer["citations"]
    return session_id, answer["message_id"]


def on_message(world: World, route: str, ids: tuple[str, int], codes: dict[str, str]) -> httpx.Response:
    """A call on a message."""
    method, path = route.split(" ")
    for name, value in zip(("session_id", "message_id", "marker"), (*ids, 1), strict=True):
        path = path.replace(f"{{{name}}}", str(value))
    body = {"json": {"rating": "up", "stream": False}} if method == "POST" else {}
    return world.client.request(method, path, params=codes, **body)


@pytest.mark.parametrize("route", having("lists ratings"))
def test_lists_just_the_ratings_that_the_caller_sees(world: World, route: str) -> None:
    made: dict[str, str] = {}
    for label, codes in world.scopes.items():
        world.add_pair(label, codes)
        made[label], message_id = answered(world, label)
        rating = {"rating": "up", "comment": world.tag}
        address = f"{CHAT}/session/{made[label]}/messages/{message_id}/feedback"
        succeeded(world.client.post(address, json=rating))
    for caller in CALLERS.values():
        if "sees" not in caller:
            continue
        query = {**world.named(caller["names"]), "size": "100"}
        items = succeeded(world.client.get(route.split(" ")[1], params=query))["items"]
        # The global scope belongs to all tests.
        seen = {item["session_id"] for item in items if item["comment"] == world.tag}
        assert seen == {made[label] for label in caller["sees"]}


@callers("sees")
@pytest.mark.parametrize("route", having("reads a passage"))
def test_reads_just_the_passages_that_the_caller_sees(world: World, route: str, label: str) -> None:
    world.fill()
    for scope in world.scopes:
        query = {**world.named(CALLERS[label]["names"]), "doc_name": world.document_name(scope), "chunk_index": "0"}
        response = world.client.get(route.split(" ")[1], params=query)
        if scope in CALLERS[label]["sees"]:
            assert world.tag in succeeded(response)["text"]
        else:
            assert failed(response, 404) == "段落不存在"


@pytest.mark.parametrize("row", told(MATRIX["chat_in_session"]))
@pytest.mark.parametrize("stream", [True, False])
def test_chat_in_a_session_is_for_its_owner(world: World, row: dict[str, Any], *, stream: bool) -> None:
    session_id = world.session(row["of"], "owner")
    asked = {**world.named(row["names"]), "user_id": row["user"], "session_id": session_id, "question": "在吗？"}
    response = world.client.post(f"{CHAT}/chat", json={**asked, "stream": stream})
    said = succeeded(world.client.get(f"{CHAT}/session/{session_id}/messages"))
    if row["status"] == 200:
        assert response.status_code == 200
        assert [message["role"] for message in said] == ["user", "assistant"]
    else:
        assert failed(response, 404) == "会话不存在"
        assert said == []


def test_a_stream_is_opened_by_its_id_alone(world: World) -> None:
    asked = {**world.scopes["A/a1"], "user_id": "owner", "question": "在吗？", "stream": False}
    answer = succeeded(world.client.post(f"{CHAT}/chat", json=asked))
    assert len(answer["stream_id"]) == 32
    assert answer["stream_id"] not in {answer["session_id"], f"{answer['message_id']:032x}"}
    response = world.client.get(f"{CHAT}/stream/{answer['stream_id']}")
    assert response.headers["content-type"].startswith("text/event-stream")
    succeeded(world.client.post(f"{CHAT}/stream/{answer['stream_id']}/stop"))
    for unknown in (UNKNOWN, answer["session_id"], str(answer["message_id"]), answer["stream_id"].upper() + "0"):
        failed(world.client.get(f"{CHAT}/stream/{unknown}"), 404)
        failed(world.client.post(f"{CHAT}/stream/{unknown}/stop"), 404)


@pytest.mark.parametrize("row", told(MATRIX["files"]))
@pytest.mark.parametrize("route", having("files"))
@pytest.mark.parametrize("use", ["chat", "add_document", "add_multi_document"])
def test_an_uploaded_file_is_for_its_scope(world: World, route: str, use: str, row: dict[str, Any]) -> None:
    link = uploaded(world, route, row["of"]) if row["of"] else f"/files/{UNKNOWN}/x.txt"
    link = {"signed": link, "unsigned": link.split("?")[0], "forged": f"{link[:-4]}0000"}[row["link"]]
    codes, status = world.named(row["names"]), row["status"]
    body = {**codes, "doc_url": link, "doc_name": f"{world.tag}.txt"}
    if use == "chat":
        status = row.get("chat", status)
        document = {"file_name": "钥匙.txt", "file_url": link, "parse_success": True}
        asked = {**codes, "user_id": "u", "question": FILE_QUESTION, "stream": False, "uploaded_docs": [document]}
        response = world.client.post(f"{CHAT}/chat", json=asked)
    elif use == "add_document":
        response = world.client.post(f"{LIBRARY}/add_document", json=body)
    else:
        body = {**codes, "multi_doc_urls": [link], "doc_names": [f"{world.tag}.txt"]}
        response = world.client.post(f"{LIBRARY}/add_multi_document", json=body)
        status = 400 if status == 404 else status
    if status == 200:
        succeeded(response)
    else:
        failed(response, status)
        assert world.search(codes, "DOC") == []


def uploaded(world: World, route: str, scope: str) -> str:
    """The signed link of a file uploaded into the scope."""
    file = {"file": ("钥匙.txt", f"钥匙在前台。{world.tag}".encode())}
    data = succeeded(world.client.post(route.split(" ")[1], data=world.scopes[scope], files=file))
    return (data[0] if isinstance(data, list) else data)["file_url"]


@pytest.mark.parametrize("route", having("same for all"))
def test_some_answers_are_the_same_for_all(client: httpx.Client, route: str) -> None:
    path = route.split(" ")[1]
    answers = {client.get(path, params=codes).status_code for codes in ({}, {"tenant_code": "A"}, {"org_code": "a"})}
    assert answers == {200}
