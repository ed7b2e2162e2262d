"""Where a request comes from: the socket's other end, or, behind proxies that the operator named, whom they name."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

from wenshu.web.context import web_context

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def client_address(request: Request) -> str:
    """The caller's IP address, empty where the server has none.

    ``X-Forwarded-For`` counts only where a proxy of ours sent it, and of it only what our proxies wrote: the right-most
    address that is none of theirs. What stands further left is the caller's own word.
    """
    client = request.client
    return forwarded(
        client.host if client else "",
        request.headers.getlist("x-forwarded-for"),
        web_context(request).trusted_proxies,
    )


def forwarded(peer: str, headers: Iterable[str], trusted: Sequence[Network]) -> str:
    """The address behind ``peer``: itself, unless it is a trusted proxy that names another one."""
    address = _parsed(peer)
    if address is None:
        return peer
    hops = [hop for header in headers for hop in header.split(",")]
    while hops and any(address in network for network in trusted):
        nearer = _parsed(hops.pop())
        if nearer is None:
            break
        address = nearer
    return str(address)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks from the setting's texts. Raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def _parsed(text: str) -> Address | None:
    """An address as proxies write it: bare, with a port, in brackets; one of IPv4 inside IPv6 as IPv4."""
    bare = text.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
