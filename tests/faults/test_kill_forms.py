"""SIGKILL while 200 accepted form tasks are worked on: each is done, each callback comes."""

import json
from concurrent.futures import ThreadPoolExecutor

from contracts.accounts.wire import PASSWORD, log_in
from contracts.forms.test_extraction import CALL, INVOICE, RESULT
from contracts.forms.wire import Receiver
from serving import ServerProcess, eventually

COUNT = 200
SETTINGS = {"WENSHU_ADMIN_PASSWORD": PASSWORD, "WENSHU_FETCH_ALLOW_HOSTS": '["127.0.0.1"]'}


def test_accepted_tasks_survive_a_kill(tmp_path):
    server = ServerProcess(tmp_path / "home", **SETTINGS)
    with Receiver() as receiver:
        try:
            with server.start().client() as client:
                client.headers.update(log_in(client).headers)

                def submit(number: int) -> str:
                    callback = {"callback_url": receiver.url} if number % 10 == 0 else {}
                    return client.post(CALL, json={**INVOICE, "async": True, **callback}).json()["task_id"]

                with ThreadPoolExecutor(8) as pool:
                    tasks = list(pool.map(submit, range(COUNT)))
                server.kill()
            with server.start().client() as client:
                client.headers.update(log_in(client).headers)

                def open_tasks() -> list[str]:
                    states = {task: client.get(f"{CALL}/{task}").json()["status"] for task in tasks}
                    return [task for task, state in states.items() if state not in {"succeeded", "failed"}]

                assert eventually(lambda: not open_tasks(), 120)
                results = [client.get(f"{CALL}/{task}").json()["result"] for task in tasks]
                assert results == [RESULT] * COUNT
                wanted = {task for number, task in enumerate(tasks) if number % 10 == 0}
                assert eventually(lambda: {json.loads(body)["task_id"] for _, body in receiver.got} >= wanted, 60)
        finally:
            server.stop()
