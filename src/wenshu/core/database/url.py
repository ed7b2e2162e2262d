"""Database URLs: which are taken, and how one is named without its secrets."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def parse_url(text: str) -> URL:
    """The URL with its driver. Raises ValueError in words; no part of the URL but its scheme stands in them."""
    scheme, separator, rest = text.partition("://")
    driver = _DRIVERS.get(scheme)
    if not separator or driver is None:
        raise ValueError(
            "需以 postgresql:// 或 sqlite:/// 开头 must begin with postgresql:// or sqlite:///"
            + (f"（{scheme}://）" if separator and scheme.replace("+", "").isalnum() else "")
        )
    try:
        url = make_url(f"{driver}://{rest}")
    except (ArgumentError, ValueError):
        # What SQLAlchemy says may quote the part of a password that it took for a port.
        raise ValueError(_UNREADABLE) from None
    if "@" in (url.host or ""):
        raise ValueError(_UNREADABLE)
    if driver.startswith("postgresql") and not url.database:
        raise ValueError("缺少数据库名 names no database: postgresql://user:password@host/database")
    return url


_UNREADABLE = (
    "无法解析；用户名和密码中的特殊字符需要百分号编码（@ 写作 %40）"
    "cannot be read; special characters of user and password must be percent-encoded (@ is %40)"
)


def place(url: URL) -> str:
    """Where the database is, for messages: a file's path, or host, port and name; never user, password or options."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    hosts = url.query.get("host", ())
    named = url.host or ",".join([hosts] if isinstance(hosts, str) else hosts) or "localhost"
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL {named}{port}/{url.database}"


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{path.absolute()}"
