"""What an outside caller sees of accounts: its failures, its tokens."""

import re
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx

PASSWORD = "an-administrator's password"
_SECRETS = re.compile(
    r"wsk_[0-9a-f]{12}_[\w-]{20,}|ws[rl]_[\w-]{20,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]{20,}|access_token=[^*]"
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def leaks(log: Path) -> list[str]:
    """Lines of a server's log in which a key, a token or the administrator's password can be read."""
    lines = log.read_text("utf-8").splitlines()
    assert len(lines) > 10
    return [line for line in lines if _SECRETS.search(line) or PASSWORD in line]


@dataclass(frozen=True, slots=True)
class Session:
    """A login's tokens."""

    access: str
    refresh: str

    @property
    def headers(self) -> dict[str, str]:
        """What an authorised call sends."""
        return {"Authorization": f"Bearer {self.access}"}


def log_in(client: httpx.Client, username: str = "admin", password: str = PASSWORD) -> Session:
    """Log in; the tokens."""
    response = client.post("/api/login", json={"username": username, "password": password})
    assert response.status_code == 200, response.text
    return Session(response.json()["access_token"], response.json()["refresh_token"])


def refreshed(client: httpx.Client, session: Session) -> httpx.Response:
    """Use the refresh token."""
    return client.post("/api/refresh", json={"refresh_token": session.refresh})


def refused(response: httpx.Response, status: int) -> str:
    """Assert that the answer is a failure in the words of accounts; its message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"message", "error_code"}
    assert body["error_code"] == status
    assert _CHINESE.search(body["message"])
    return body["message"]


def works(client: httpx.Client, session: Session) -> bool:
    """Whether the access token is taken."""
    status = client.get("/api/me", headers=session.headers).status_code
    assert status in {200, 401}
    return status == 200
