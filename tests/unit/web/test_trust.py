import httpx2 as httpx
import pytest
from starlette.responses import PlainTextResponse

from wenshu.server.dialects import dialect_for
from wenshu.web.trust import TrustGuard, is_loopback

GUARDED = TrustGuard(
    PlainTextResponse("in"),
    hosts=["wenshu.example.com"],
    origins=["https://portal.example.com"],
    dialect_for=dialect_for,
)


async def status(path="/chat_service/sessions", **headers):
    transport = httpx.ASGITransport(GUARDED)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.get(path, headers=named)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "localhost:8000"},
        {"host": "127.0.0.9"},
        {"host": "[::1]:80"},
        {"host": "wenshu.example.com"},
        {"host": "WENSHU.example.com:443"},
        {"origin": "http://localhost:5173"},
        {"origin": "https://portal.example.com"},
    ],
)
async def test_the_neighbourhood_comes_in(headers):
    assert (await status(**headers)).text == "in"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example.com"},
        {"host": "127.0.0.1.evil.example.com"},
        {"host": "localhost.evil.com"},
        {"host": "["},
        {"origin": "https://evil.example.com"},
        {"origin": "null"},
        {"origin": "https://portal.example.com.evil.com"},
        {"x_forwarded_for": "10.0.0.1"},
        {"x_forwarded_host": "a"},
        {"forwarded": "for=10.0.0.1"},
    ],
)
async def test_strangers_do_not(headers):
    answer = await status(**headers)
    assert answer.status_code == 403
    assert answer.json() == {"status": "fail", "code": 403, "msg": answer.json()["msg"], "data": ""}


async def test_probes_are_answered_whoever_asks():
    assert (await status("/livez", host="10.1.2.3")).text == "in"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("::1", True),
        ("127.1.2.3", True),
        ("10.0.0.1", False),
        ("localhost.com", False),
        ("", False),
    ],
)
def test_loopback(host, loopback):
    assert is_loopback(host) is loopback
