"""Which network addresses may be reached: the public ones, and what the operator allowed by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

Address = IPv4Address | IPv6Address

# Source: IANA's special-purpose address registries for IPv4 and IPv6. Own tables, as `ipaddress.is_global` changes from
# one patch release of Python to the next.
_REFUSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # "this network", unspecified
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata service is 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's platform service: public by number, answers inside every virtual machine
        "169.254.0.0/16",  # link-local; metadata services of AWS, Azure, Google, Tencent
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",  # reserved, and the broadcast address
    )
)
# All that is outside is loopback, mapped (::ffff:0:0/96), NAT64 (64:ff9b::/32), unique local, link-local or multicast.
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # Teredo and other protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
)


def is_public(address: Address) -> bool:
    """Tell whether a packet to ``address`` is sure to leave for the public internet; embedded IPv4 never is."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _REFUSED_V4)
    return address in _GLOBAL_V6 and not any(address in block for block in _REFUSED_V6)


@dataclass(frozen=True, slots=True)
class AllowList:
    """What may be reached though it is not public.

    An entry is one of:

    - ``minio.local`` or ``minio.local:9000``: a host as URLs name it (exact, no subdomains), whatever it resolves to;
    - ``127.0.0.1``, ``127.0.0.1:9000``, ``::1``, ``[::1]:9000``: an address, by whatever name it is reached;
    - ``10.0.0.0/8``, ``fd00::/8``: a network.

    An entry without a port allows every port.
    """

    hosts: frozenset[tuple[str, int | None]]
    networks: tuple[tuple[IPv4Network | IPv6Network, int | None], ...]

    @classmethod
    def parse(cls, entries: Sequence[str]) -> "AllowList":
        """Read the setting; ``ValueError`` names an entry that is none of the forms."""
        hosts: set[tuple[str, int | None]] = set()
        networks: list[tuple[IPv4Network | IPv6Network, int | None]] = []
        for entry in entries:
            host, port = _split_port(entry.strip())
            try:
                networks.append((ip_network(host), port))
            except ValueError:
                hosts.add((_host_name(host, entry), port))
        return cls(frozenset(hosts), tuple(networks))

    def admits_host(self, host: str, port: int) -> bool:
        """``host`` as ``yarl`` normalises it: lower case, IDNA-encoded."""
        name = host.removesuffix(".")
        return (name, port) in self.hosts or (name, None) in self.hosts

    def admits_address(self, address: Address, port: int) -> bool:
        """Tell whether an address or network entry covers ``address``."""
        return any(address in network and wanted in (None, port) for network, wanted in self.networks)


def literal_address(host: str) -> Address | None:
    """Return the address that ``host`` spells in the one canonical way, else ``None``."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _split_port(entry: str) -> tuple[str, int | None]:
    if entry.startswith("["):
        host, _, port = entry[1:].partition("]")
        port = port.removeprefix(":")
    elif entry.count(":") == 1:
        host, _, port = entry.partition(":")
    else:
        return entry, None
    if not port and not entry.endswith("]"):
        raise ValueError(f"allow_hosts: no port after the colon in {entry!r}")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError(f"allow_hosts: bad port in {entry!r}")
    return host, int(port) if port else None


def _host_name(host: str, entry: str) -> str:
    # A mistyped network must not become a name that matches nothing, silently.
    if not host or any(character in host for character in "/*:@ ") or host.replace(".", "").isdigit():
        raise ValueError(f"allow_hosts: {entry!r} is neither a host, an address nor a network")
    return (URL.build(scheme="http", host=host.removesuffix(".")).raw_host or "").lower()
