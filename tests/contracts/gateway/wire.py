"""What an outside caller sees of the gateway: its failures, its streams."""

import json
from typing import Any

import httpx2 as httpx

from contracts.accounts.people import refused as refused_in_code

ERNIE = "/rpc/2.0/ai_custom/v1/wenxinworkshop"
CHAT = f"{ERNIE}/chat/completions_pro"
_STATUS = {110: 401, 111: 401, 6: 403, 3: 404, 17: 429, 18: 429, 336000: 500, 336100: 503}


def status_of(response: httpx.Response) -> int:
    """The status of an answer; Baidu's failures say it in their body alone."""
    if response.status_code == 200 and is_ernie(response.request.url.path):
        body = response.json() if response.headers["content-type"] == "application/json" else {}
        if isinstance(body, dict) and "error_code" in body:
            return _STATUS.get(body["error_code"], 400)
    return response.status_code


def is_ernie(path: str) -> bool:
    return path.startswith("/rpc/") or path == "/v2/memory"


def refused(response: httpx.Response, status: int) -> dict[str, Any]:
    """Assert a failure in the dialect of the path; its body."""
    path = response.request.url.path
    assert status_of(response) == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    if path.startswith("/api/v1/usage"):
        return refused_in_code(response, status)
    if is_ernie(path):
        assert response.status_code == 200
        assert set(body) == {"error_code", "error_msg"}
        assert body["error_msg"]
    elif path.startswith("/oauth/"):
        assert set(body) == {"error", "error_description"}
    else:
        assert set(body) == {"error"}
        assert set(body["error"]) == {"message", "type", "param", "code"}
        assert body["error"]["message"]
    return body


def events(response: httpx.Response) -> list[dict[str, Any]]:
    """A stream's events; each line is data or empty, with the space that Baidu's client needs."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = response.text.split("\n")
    assert all(line == "" or line.startswith("data: ") for line in lines), response.text
    told = [line.removeprefix("data: ") for line in lines if line]
    return [json.loads(one) for one in told if one != "[DONE]"]
