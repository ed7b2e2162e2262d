"""Imports of many documents: taken on as a whole, each document on its own, seen by their scope alone."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx2 as httpx
import pytest

from contracts.assistant.material import Material
from contracts.assistant.wire import CHAT, LIBRARY, events, failed, objection, succeeded
from serving import ServerProcess

IMPORTS = f"{LIBRARY}/imports"
UNKNOWN = "0" * 32


def start(client: httpx.Client, items: list[dict[str, str]], **more: Any) -> str:
    return succeeded(client.post(IMPORTS, json={"items": items, **more}))["import_id"]


def over(client: httpx.Client, import_id: str, **codes: str) -> dict[str, Any]:
    """The import once it has come to its end."""
    client.get(f"{IMPORTS}/{import_id}/progress", params=codes)
    return succeeded(client.get(f"{IMPORTS}/{import_id}", params=codes))


def figures(shown: dict[str, Any]) -> tuple[int, int, int, int]:
    return shown["added"], shown["skipped"], shown["failed"], shown["pending"]


@pytest.fixture
def items(material: Material, tag: str) -> list[dict[str, str]]:
    """Five documents, one of them no document."""
    names = [f"{tag}-{n}.txt" for n in range(5)]
    bodies = [f"第{n}号仓库的钥匙在门卫。{tag}" for n in range(4)] + ["   "]
    urls = [material.document(name, body) for name, body in zip(names, bodies, strict=True)]
    return [{"doc_url": url, "doc_name": name} for url, name in zip(urls, names, strict=True)]


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that takes jobs on and runs none."""
    process = ServerProcess(tmp_path_factory.mktemp("idle") / "home", WENSHU_JOBS_WORKER="false")
    try:
        with process.start().client() as client:
            yield client
    finally:
        process.stop()


def test_one_bad_file_never_stops_the_others(client: httpx.Client, items: list[dict[str, str]], tag: str) -> None:
    import_id = start(client, items, tenant_code=tag)
    shown = over(client, import_id, tenant_code=tag)
    assert (shown["state"], shown["total"], figures(shown)) == ("succeeded", 5, (4, 0, 1, 0))
    assert shown["failures"]["items"] == [{"doc_name": items[4]["doc_name"], "reason": "文件是空的"}]
    asked = {"tenant_code": tag, "query": "第2号仓库的钥匙", "collection_type": "DOC", "limit": 10}
    (hits,) = succeeded(client.post(f"{LIBRARY}/search_from_vector_db", json=asked))["entities"]
    assert {hit["doc_name"] for hit in hits} == {item["doc_name"] for item in items[:4]}


def test_what_has_not_changed_is_skipped(
    client: httpx.Client, material: Material, items: list[dict[str, str]], tag: str
) -> None:
    over(client, start(client, items, tenant_code=tag), tenant_code=tag)
    material.document(items[0]["doc_name"], f"第0号仓库的钥匙换到前台了。{tag}")
    again = over(client, start(client, items, tenant_code=tag), tenant_code=tag)
    assert figures(again) == (1, 3, 1, 0)
    forced = over(client, start(client, items, tenant_code=tag, force="true"), tenant_code=tag)
    assert figures(forced) == (4, 0, 1, 0)
    # Another scope has nothing of it yet, and one document was put there by a call of its own.
    body = {"tenant_code": tag, "org_code": "a", "doc_url": items[1]["doc_url"], "doc_name": items[1]["doc_name"]}
    succeeded(client.post(f"{LIBRARY}/add_document", json=body))
    codes = {"tenant_code": tag, "org_code": "a"}
    assert figures(over(client, start(client, items, **codes), **codes)) == (3, 1, 1, 0)


def test_unchanged_documents_are_told_by_their_digest(client: httpx.Client, material: Material, tag: str) -> None:
    texts = {f"{tag}-{n}.txt": f"正文{n}" for n in range(3)}
    items = [{"doc_url": material.document(name, text), "doc_name": name} for name, text in texts.items()]
    over(client, start(client, items[:2], tenant_code=tag), tenant_code=tag)
    digested = [{"doc_name": name, "sha256": sha256(text.encode()).hexdigest()} for name, text in texts.items()]
    digested[1]["sha256"] = "0" * 64
    for codes, known in (({"tenant_code": tag}, [items[0]["doc_name"]]), ({}, []), ({"tenant_code": f"{tag}x"}, [])):
        body = {**codes, "items": digested}
        assert succeeded(client.post(f"{LIBRARY}/unchanged_documents", json=body)) == {"doc_names": known}


def test_own_files_are_imported_where_they_may_be_read(client: httpx.Client, tag: str) -> None:
    links = {}
    for owner in ("", f"{tag}-a", f"{tag}-b"):
        file = {"file": ("甲.txt", f"{owner}的正文".encode())}
        links[owner] = succeeded(client.post(f"{CHAT}/upload", data={"tenant_code": owner}, files=file))["file_url"]
    items = [{"doc_url": url, "doc_name": f"{owner or 'global'}.txt"} for owner, url in links.items()]
    shown = over(client, start(client, items, tenant_code=f"{tag}-a"), tenant_code=f"{tag}-a")
    assert figures(shown) == (2, 0, 1, 0)
    assert shown["failures"]["items"] == [{"doc_name": f"{tag}-b.txt", "reason": "文件不存在"}]


def test_an_import_is_seen_by_its_scope_alone(client: httpx.Client, items: list[dict[str, str]], tag: str) -> None:
    owner = {"tenant_code": tag, "org_code": "a"}
    import_id = start(client, items[:1], **owner)
    for codes in (owner, {"tenant_code": tag}):
        assert over(client, import_id, **codes)["import_id"] == import_id
        assert succeeded(client.get(IMPORTS, params=codes))["total"] == 1
    for codes in ({}, {"tenant_code": f"{tag}x"}, {"tenant_code": tag, "org_code": "b"}):
        for method, path in (("GET", ""), ("GET", "/progress"), ("POST", "/cancel")):
            response = client.request(method, f"{IMPORTS}/{import_id}{path}", params=codes)
            unknown = client.request(method, f"{IMPORTS}/{UNKNOWN}{path}", params=codes)
            assert failed(response, 404) == failed(unknown, 404) == "导入不存在"
        listed = succeeded(client.get(IMPORTS, params={**codes, "size": "100"}))["items"]
        assert import_id not in {item["import_id"] for item in listed}


def test_the_progress_can_be_taken_up_again(client: httpx.Client, items: list[dict[str, str]], tag: str) -> None:
    import_id = start(client, items, tenant_code=tag)
    told = events(client.get(f"{IMPORTS}/{import_id}/progress", params={"tenant_code": tag}).text)
    assert [event.id for event in told] == list(range(1, len(told) + 1))
    assert [event.data["done"] for event in told] == [False] * (len(told) - 1) + [True]
    assert told[0].data["state"] == "queued"
    processed = [event.data["processed"] for event in told]
    assert processed == sorted(processed)
    for seen in (0, 2, len(told) - 1, len(told), len(told) + 9):
        headers = {"Last-Event-ID": str(seen)}
        again = client.get(f"{IMPORTS}/{import_id}/progress", params={"tenant_code": tag}, headers=headers)
        assert events(again.text) == told[min(seen, len(told) - 1) :]


def test_failures_come_in_pages(client: httpx.Client, material: Material, tag: str) -> None:
    items = [{"doc_url": f"{material.url}/none-{n}", "doc_name": f"{n:02d}.txt"} for n in range(45)]
    import_id = start(client, items, tenant_code=tag)
    over(client, import_id, tenant_code=tag)
    names = []
    for page in (1, 2, 3):
        query = {"tenant_code": tag, "page": page, "size": 20}
        failures = succeeded(client.get(f"{IMPORTS}/{import_id}", params=query))["failures"]
        assert (failures["page"], failures["size"], failures["total"]) == (page, 20, 45)
        names += [failure["doc_name"] for failure in failures["items"]]
    assert names == [item["doc_name"] for item in items]


def test_while_it_waits_an_import_is_the_one_of_its_key(idle: httpx.Client, tag: str) -> None:
    items = [{"doc_url": "http://127.0.0.1:9/x", "doc_name": name} for name in ("甲.txt", "乙.txt")]
    body = {"tenant_code": tag, "items": items, "import_key": "k"}
    first = succeeded(idle.post(IMPORTS, json=body))
    assert first["is_new"]
    assert succeeded(idle.post(IMPORTS, json=body)) == {"import_id": first["import_id"], "is_new": False}
    assert "import_key" in failed(idle.post(IMPORTS, json={**body, "items": items[:1]}), 409)
    others = [{**body, "tenant_code": f"{tag}x"}, {**body, "org_code": "a"}, {**body, "import_key": "k2"}]
    assert all(succeeded(idle.post(IMPORTS, json=other))["is_new"] for other in others)
    query = {"tenant_code": tag, "import_key": "k", "state": "queued"}
    found = succeeded(idle.get(IMPORTS, params=query))["items"]
    assert sorted(figures(item) for item in found) == [(0, 0, 0, 2)] * 2
    cancelled = succeeded(idle.post(f"{IMPORTS}/{first['import_id']}/cancel", params={"tenant_code": tag}))
    assert (cancelled["state"], cancelled["cancel_asked"]) == ("cancelled", False)
    assert succeeded(idle.post(IMPORTS, json=body))["is_new"]


def test_ten_thousand_documents_are_taken_on_in_one_call_and_not_one_more(idle: httpx.Client, tag: str) -> None:
    items = [{"doc_url": f"http://127.0.0.1:9/{n}", "doc_name": f"{n}.txt"} for n in range(10_000)]
    import_id = start(idle, items, tenant_code=tag)
    shown = succeeded(idle.get(f"{IMPORTS}/{import_id}", params={"tenant_code": tag}))
    assert (shown["state"], shown["total"], figures(shown)) == ("queued", 10_000, (0, 0, 0, 10_000))
    more = [*items, {"doc_url": "http://127.0.0.1:9/x", "doc_name": "x.txt"}]
    assert "items" in failed(idle.post(IMPORTS, json={"tenant_code": tag, "items": more}), 400)
    assert succeeded(idle.get(IMPORTS, params={"tenant_code": tag}))["total"] == 1


def test_last_event_ids_that_are_none_are_refused(client: httpx.Client) -> None:
    answers = [
        objection(client.get(f"{IMPORTS}/{UNKNOWN}/progress", headers={"Last-Event-ID": value}), 400)
        for value in ("-1", "x", "1.5", str(2**31 + 1))
    ]
    assert answers == [""] * 4
