import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from wenshu.core.fetch.addresses import AllowList
from wenshu.core.fetch.guard import Guard, system_lookup
from wenshu.kit.errors import FetchFailed, FetchRefused

NAMES = {
    "public.test": ["223.5.5.5", "2400:3200::1"],
    "mixed.test": ["223.5.5.5", "10.0.0.1"],
    "localhost.": ["127.0.0.1"],  # so on most systems
    "scoped.test": ["fe80::1%1"],
}


def lookup(host: str, port: int) -> list[str]:
    if host.endswith(".invalid"):
        raise OSError
    return NAMES[host] if host in NAMES else system_lookup(host, port)


def a_guard(*allowed: str, executor: ThreadPoolExecutor) -> Guard:
    return Guard(AllowList.parse(allowed), lookup=lookup, executor=executor)


@pytest_asyncio.fixture
async def executor() -> AsyncIterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "仅支持"),
        ("/etc/passwd", "仅支持"),
        ("//host/x", "仅支持"),
        ("file:///etc/passwd", "仅支持"),
        ("ftp://host/x", "仅支持"),
        ("gopher://host/", "仅支持"),
        ("javascript:alert(1)", "仅支持"),
        ("http://user@host/", "用户名"),
        ("http://user:secret@host/", "用户名"),
        ("http://223.5.5.5@127.0.0.1/", "用户名"),
        ("http://", "格式"),
        ("http:///x", "格式"),
        ("http://host:0/", "格式"),
        ("http://host:65536/", "格式"),
        ("http://host:x/", "格式"),
        ("http://a b/", "格式"),
        ("http://host/\r\nX-Evil: 1", "格式"),
        ("http://host\\@127.0.0.1/", "格式"),
        ("http://[fe80::1%25eth0]/", "不允许|格式"),
        ("http://[::1", "格式"),
        ("http://[::1]x/", "格式"),
        ("http://%31%32%37.0.0.1/", "不允许|格式"),
        ("http://-x/", "格式"),
        ("http://host/" + "x" * 8_000, "格式"),
        ("http://127.0.0.1/", "不允许"),
        ("http://127.0.0.1./", "格式"),
        ("http://127.1/", "格式"),
        ("http://2130706433/", "格式"),
        ("http://0177.0.0.1/", "格式"),
        ("http://127.0.0.01/", "格式"),
        ("http://１２７.０.０.１/", "不允许"),
        ("http://①②⑦.⓪.⓪.①/", "不允许|格式"),
        ("http://169.254.169.254/latest/meta-data/", "不允许"),
        ("https://[::1]/", "不允许"),
        ("https://[::ffff:127.0.0.1]/", "不允许"),
        ("https://[::ffff:a9fe:a9fe]/", "不允许"),
        ("https://[64:ff9b::7f00:1]/", "不允许"),
        ("https://[2002:7f00:1::]/", "不允许"),
    ],
)
def test_refused_by_form(executor: ThreadPoolExecutor, text: str, says: str) -> None:
    with pytest.raises(FetchRefused, match=says):
        a_guard(executor=executor).read_url(text)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "localhost.", "0x7f.1", "0x7f000001", "0x7f.0.0.1", "mixed.test", "scoped.test"],
)
async def test_refused_by_what_it_resolves_to(executor: ThreadPoolExecutor, host: str) -> None:
    guard = a_guard(executor=executor)
    url = guard.read_url(f"http://{host}/")
    with pytest.raises(FetchRefused, match="不允许访问该地址"):
        await guard.resolve(url.raw_host or "", 80)


async def test_a_public_name_gives_all_its_addresses(executor: ThreadPoolExecutor) -> None:
    found = await a_guard(executor=executor).resolve("public.test", 443)
    assert [(result["host"], result["port"], result["family"]) for result in found] == [
        ("223.5.5.5", 443, socket.AF_INET),
        ("2400:3200::1", 443, socket.AF_INET6),
    ]


@pytest.mark.parametrize("host", ["nobody.invalid", "x" * 70 + ".test"])
async def test_a_name_without_addresses(executor: ThreadPoolExecutor, host: str) -> None:
    with pytest.raises(FetchFailed, match="域名无法解析") as caught:
        await a_guard(executor=executor).resolve(host, 80)
    assert not isinstance(caught.value, FetchRefused)


@pytest.mark.parametrize("text", ["http://223.5.5.5/", "https://[2400:3200::1]:8443/x?y#z", "HTTP://Example.COM./"])
def test_accepted_by_form(executor: ThreadPoolExecutor, text: str) -> None:
    a_guard(executor=executor).read_url(text)


async def test_allowed_entries(executor: ThreadPoolExecutor) -> None:
    guard = a_guard("localhost:9000", "10.0.0.0/8", executor=executor)
    assert guard.read_url("http://10.1.2.3/").host == "10.1.2.3"
    assert await guard.resolve("localhost", 9000)
    assert await guard.resolve("mixed.test", 80)
    with pytest.raises(FetchRefused):
        await guard.resolve("localhost", 9001)
    with pytest.raises(FetchRefused):
        guard.read_url("http://127.0.0.1:9000/")


_pieces = st.sampled_from(
    ["http:", "https:", "//", "/", "@", ":", "[", "]", "127.0.0.1", "::1", "%", "\\", "x", ".", "１", "?"]
)


@settings(deadline=None)
@given(st.text(max_size=30).map("http://{}".format) | st.lists(_pieces, max_size=10).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    with ThreadPoolExecutor(1) as threads:  # starts no thread until used
        guard = a_guard(executor=threads)
        try:
            url = guard.read_url(text)
        except FetchRefused:
            return
        assert url.scheme in ("http", "https")
        assert url.raw_host not in (None, "", "127.0.0.1", "::1")
