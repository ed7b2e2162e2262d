"""Two processes on one socket behave as one server: what one does, the other knows."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from contracts.accounts.wire import PASSWORD, log_in, works
from contracts.assistant.material import Material
from contracts.assistant.transcripts import Replay, read_all
from contracts.assistant.wire import CHAT, events, succeeded
from faults.conversation import FACTS, QUESTION, settings
from faults.outside import ModelServer, model_server
from serving import ServerProcess, eventually
from workers import FRESH, only, several, workers

TRANSCRIPTS = read_all()
CALLS = 10
TENANT = "warehouses"


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with model_server() as server:
        server.pieces = [f"{fact}[{number}]" for number, fact in enumerate(FACTS, 1)]
        yield server


@pytest.fixture(scope="module")
def material() -> Iterator[Material]:
    with Material() as served:
        yield served


@pytest.fixture(scope="module")
def server(tmp_path_factory, postgres, _migrated_postgres, material, model) -> Iterator[ServerProcess]:
    named = {
        "WENSHU_FETCH_ALLOW_HOSTS": json.dumps([material.address]),
        "WENSHU_ADMIN_PASSWORD": PASSWORD,
        "WENSHU_ADMIN_RATE_LIMIT": f"{CALLS}/hour",
    }
    folder = tmp_path_factory.mktemp("workers")
    with several(folder, postgres, _migrated_postgres, **named, **settings(model)) as started:
        with started.client() as client:
            stored = {"question": [f"{fact[:4]}由谁负责？" for fact in FACTS], "answer": FACTS, "tenant_code": TENANT}
            succeeded(client.post("/vector_db_service/add_qa", json=stored))
        yield started


@pytest.fixture
def begun(server: ServerProcess, model: ModelServer) -> Iterator[str]:
    """The stream of an answer that the first process gives, and that waits for the model to go on."""
    model.stop_at(1)
    with server.client() as client:
        with only(server, workers(server)[0]):
            answer = client.send(client.build_request("POST", f"{CHAT}/chat", json=asked()), stream=True)
            first = next(line for line in answer.iter_lines() if line.startswith("data: "))
        yield json.loads(first.removeprefix("data: "))["stream_id"]
        model.go_on()
        answer.close()


def asked() -> dict[str, str]:
    return {"user_id": "u", "question": QUESTION, "tenant_code": TENANT}


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_the_answers_are_as_documented_whichever_process_gives_them(
    name: str, server: ServerProcess, material: Material
) -> None:
    material.document("优势.txt", "产品优势说明。本产品的核心优势包括性能和成本优势。")
    material.document("排期.txt", "发布排期。新品将于十二月十日在杭州发布。")
    with server.client(limits=FRESH) as client:
        said = list(Replay(client, {"material": material.url}).objections(TRANSCRIPTS[name]))
    # Who follows an answer from the other process is told its end, not its pieces.
    assert [fault for fault in said if fault != "续接流: no pieces before the last event"] == []


def test_an_answer_is_followed_to_its_end_in_another_process(
    server: ServerProcess, begun: str, model: ModelServer
) -> None:
    address = f"{CHAT}/stream/{begun}"
    with server.client() as client:
        with only(server, workers(server)[1]):
            answer = client.send(client.build_request("GET", address), stream=True)
            assert answer.status_code == 200
        model.go_on()
        last = events(answer.read().decode())[-1].data
        assert last["done"]
        assert all(fact.rstrip("。") in last["content"] for fact in FACTS)
        assert events(client.get(address).text)[-1].data["content"] == last["content"]


def test_an_answer_is_stopped_in_another_process(server: ServerProcess, begun: str) -> None:
    with server.client() as client, ThreadPoolExecutor(1) as pool:
        with only(server, workers(server)[1]):
            stopping = pool.submit(client.post, f"{CHAT}/stream/{begun}/stop")
            eventually(lambda: stop_is_wished(server, begun))
        assert stopping.result().status_code == 200
        last = events(client.get(f"{CHAT}/stream/{begun}").text)[-1].data
    assert last["stopped"]


def stop_is_wished(server: ServerProcess, stream_id: str) -> bool:
    with psycopg.connect(server.settings["WENSHU_DATABASE_URL"]) as connection:
        wished = connection.execute("SELECT stop_requested FROM chat_turns WHERE stream_id = %s", [stream_id])
        return wished.fetchone() == (True,)


def test_a_document_is_found_in_both_at_once(server: ServerProcess) -> None:
    body = {"tenant_code": "both", "question": "南门几点关？", "answer": "南门晚上十点关。"}
    query = {"tenant_code": "both", "query": "南门几点关", "collection_type": "QA"}
    first, second = workers(server)
    with only(server, first) as client:
        succeeded(client.post("/vector_db_service/add_qa", json=body))
    for pid in (second, first):
        with only(server, pid) as client:
            (found,) = succeeded(client.post("/vector_db_service/search_from_vector_db", json=query))["entities"]
            assert found[0]["answer"] == body["answer"]


def test_a_login_ends_in_both_at_once(server: ServerProcess) -> None:
    first, second = workers(server)
    for here, there in ((first, second), (second, first)):
        with only(server, here) as client:
            session = log_in(client)
        with only(server, there) as client:
            assert works(client, session)
        with only(server, here) as client:
            assert client.post("/api/logout", json={"refresh_token": session.refresh}).status_code == 200
        with only(server, there) as client:
            assert not works(client, session)


def test_calls_count_together(server: ServerProcess) -> None:
    with server.client() as client:
        headers = log_in(client).headers
    statuses = []
    for number in range(CALLS + 2):
        with only(server, workers(server)[number % 2]) as client:
            statuses.append(client.get("/api/v1/admin/users", headers=headers).status_code)
    assert statuses == [200] * CALLS + [429] * 2


def test_both_know_the_credential_of_the_folder(server: ServerProcess) -> None:
    credential = json.loads((server.home / "server.json").read_text())["credential"]
    for pid in workers(server):
        with only(server, pid) as client:
            assert client.get("/api/v1/admin/tenants", headers={"Authorization": f"Bearer {credential}"}).is_success
