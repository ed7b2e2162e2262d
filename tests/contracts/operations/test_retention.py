"""Retention over HTTP: an administrator of the whole tenant sets it, sees what is due, and the log tells of it."""

from collections.abc import Iterator

import pytest

from contracts.accounts.people import People, refused, succeeded
from serving import ServerProcess

PATH = "/api/v1/admin/retention"
KEPT = {"days": None, "due": 0}
NOTHING = dict.fromkeys(("sessions", "messages", "uploads", "jobs", "audit"), KEPT)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    server = ServerProcess(tmp_path_factory.mktemp("retention") / "home")
    with server.start().client() as client:
        made = People(client, server.home)
        for tenant in ("r", "s"):
            made.tenant(tenant)
        yield made
    server.stop()


def test_what_is_set_is_kept_and_logged(people: People) -> None:
    admin, other = (people.session(tenant, f"{tenant}-admin", "admin").headers for tenant in ("r", "s"))
    client = people.client
    assert succeeded(client.get(PATH, headers=admin)) == NOTHING
    set_ = succeeded(client.put(PATH, json={"sessions": 90, "audit": "365"}, headers=admin))
    assert set_ == NOTHING | {"sessions": {"days": 90, "due": 0}, "audit": {"days": 365, "due": 0}}
    changed = succeeded(client.put(PATH, json={"sessions": None, "jobs": 7, "audit": 365}, headers=admin))
    assert changed == NOTHING | {"jobs": {"days": 7, "due": 0}, "audit": {"days": 365, "due": 0}}
    assert succeeded(client.get(PATH, headers=other)) == NOTHING
    entries = succeeded(client.get("/api/v1/admin/audit?action=retention.change", headers=admin))["items"]
    nothing = dict.fromkeys(NOTHING)
    assert [entry["details"]["days"] for entry in entries] == [
        nothing | {"jobs": 7, "audit": 365},
        nothing | {"sessions": 90, "audit": 365},
    ]
    assert succeeded(client.get("/api/v1/admin/audit/verify", headers=admin))["trimmed"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sessions": 0}, "sessions"),
        ({"messages": -1}, "messages"),
        ({"uploads": 36501}, "uploads"),
        ({"jobs": True}, "jobs"),
        ({"audit": 179}, "audit"),
        ({"audit": "never"}, "audit"),
    ],
)
def test_what_cannot_be_is_refused(people: People, body: dict, field: str) -> None:
    answer = people.call("PUT", "/retention", "s", json=body)
    assert refused(answer, 400)["errors"][0]["field"] == field
    assert succeeded(people.call("GET", "/retention", "s")) == NOTHING


def test_it_belongs_to_the_whole_of_a_tenant_that_is_there(people: People) -> None:
    narrow = people.session("r", "narrow", "admin", org="o").headers
    refused(people.client.get(PATH, headers=narrow), 403)
    refused(people.client.put(PATH, json={"jobs": 1}, headers=narrow), 403)
    refused(people.call("PUT", "/retention", "nobody", json={"jobs": 1}), 404)
