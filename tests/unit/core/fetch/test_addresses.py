from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenshu.core.fetch.addresses import AllowList, is_public


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - judged, not bound
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "223.5.5.5",
        "2400:3200::1",
        "2606:4700::1",
    ],
)
def test_public(address: str) -> None:
    assert is_public(ip_address(address))


@settings(deadline=None)
@given(st.ip_addresses())
def test_public_implies_what_python_calls_global_unicast(address: IPv4Address | IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast


ALLOWED = AllowList.parse(
    ["MinIO.local:9000", "files.corp", "例子.测试", "127.0.0.1:8080", "127.0.0.2", "::1", "[fd00::1]:443", "10.0.0.0/8"]
)


@pytest.mark.parametrize(
    ("host", "port", "admitted"),
    [
        ("minio.local", 9000, True),
        ("minio.local.", 9000, True),
        ("minio.local", 9001, False),
        ("x.minio.local", 9000, False),
        ("files.corp", 1, True),
        ("xfiles.corp", 1, False),
        ("xn--fsqu00a.xn--0zwm56d", 80, True),
        ("127.0.0.2", 80, False),
    ],
)
def test_admits_host(host: str, port: int, *, admitted: bool) -> None:
    assert ALLOWED.admits_host(host, port) is admitted


@pytest.mark.parametrize(
    ("address", "port", "admitted"),
    [
        ("127.0.0.1", 8080, True),
        ("127.0.0.1", 80, False),
        ("127.0.0.2", 80, True),
        ("127.0.0.3", 80, False),
        ("::1", 80, True),
        ("::ffff:127.0.0.2", 80, False),
        ("fd00::1", 443, True),
        ("fd00::1", 80, False),
        ("10.255.0.1", 1, True),
        ("11.0.0.1", 1, False),
    ],
)
def test_admits_address(address: str, port: int, *, admitted: bool) -> None:
    assert ALLOWED.admits_address(ip_address(address), port) is admitted


_MALFORMED = (
    "|  |10.0.0.1/8|10.0.0.0/33|host:|host:0|host:65536|host:http|http://host|*.corp|a b|u@host|127.0.0.1.1|[::1|[::1]x"
)


@pytest.mark.parametrize("entry", [*_MALFORMED.split("|"), "2130706433"])
def test_a_malformed_entry_stops_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match="allow_hosts"):
        AllowList.parse([entry])
