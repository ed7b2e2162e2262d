"""Where the objects are: the address in the settings, read and opened."""

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, S3Store

from wenshu.core.settings import StorageSettings
from wenshu.core.storage.objects import Objects

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_CONNECT = timedelta(seconds=5)
_READ = timedelta(seconds=30)
_WHOLE = timedelta(minutes=30)
"""The longest one request may take, body included: a slow client reads its file as slowly as it can."""
_RETRY = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and a prefix in it; an empty endpoint is Amazon's of the region."""

    name: str
    prefix: str
    endpoint: str


def place(settings: StorageSettings, home: Path) -> Path | Bucket:
    """The folder or the bucket that the settings name. Raises ValueError, worded, where they name none."""
    if not settings.url:
        return home / "objects"
    parts = urlsplit(settings.url)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("写作 file:///目录 或 s3://桶/前缀，不含其他。Only file:///folder or s3://bucket/prefix.")
    if parts.scheme == "file":
        return _folder(parts.netloc, unquote(parts.path))
    if parts.scheme == "s3":
        return _bucket(settings, parts.netloc, parts.path.strip("/"))
    raise ValueError("仅支持 file:///目录 与 s3://桶/前缀。Only file:///folder and s3://bucket/prefix are supported.")


def open_store(settings: StorageSettings, home: Path) -> Objects:
    """The store that the settings name. Raises ValueError as ``place``, OSError where a folder cannot be made."""
    at = place(settings, home)
    if isinstance(at, Path):
        at.mkdir(parents=True, exist_ok=True)
        return Objects(LocalStore(at), at)
    return Objects(_s3(settings, at))


def _folder(host: str, path: str) -> Path:
    if host not in {"", "localhost"} or not path.startswith("/"):
        raise ValueError("目录须为绝对路径：file:///目录。The folder must be absolute: file:///folder.")
    return Path(path)


def _bucket(settings: StorageSettings, name: str, prefix: str) -> Bucket:
    if not _BUCKET.fullmatch(name):
        raise ValueError("桶名无效。No valid bucket name: 3–63 of a–z, 0–9, dot and hyphen.")
    if any(part in {"", ".", ".."} for part in prefix.split("/")[bool(not prefix) :]):
        raise ValueError("前缀无效。No valid prefix.")
    if bool(settings.access_key_id) != bool(settings.secret_access_key.get_secret_value()):
        raise ValueError("密钥 ID 与密钥需要一起设置。Set the key's id and its secret both or neither.")
    endpoint = settings.endpoint or next((os.environ[key] for key in _ENDPOINTS if os.environ.get(key)), "")
    if not endpoint:
        return Bucket(name, prefix, "")
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError("WENSHU_STORAGE_ENDPOINT 须为 https://主机[:端口]。It must be https://host[:port].")
    if parts.scheme == "http" and not settings.allow_http:
        raise ValueError(
            "http:// 不加密；如网络可信，请设 WENSHU_STORAGE_ALLOW_HTTP=true。"
            "Plain HTTP: set WENSHU_STORAGE_ALLOW_HTTP=true if the network is trusted."
        )
    return Bucket(name, prefix, endpoint.rstrip("/"))


def _s3(settings: StorageSettings, at: Bucket) -> S3Store:
    """What the settings leave open comes from the usual ``AWS_*`` variables, then from the machine's own role."""
    named = {
        "region": settings.region,
        "access_key_id": settings.access_key_id,
        "secret_access_key": settings.secret_access_key.get_secret_value(),
        "aws_endpoint_url_s3": _endpoint(settings, at),  # the one that wins over every variable
    }
    return S3Store(
        at.name,
        prefix=at.prefix or None,
        config={  # pyright: ignore[reportArgumentType] (a TypedDict made of what is set)
            **{key: value for key, value in named.items() if value},
            "virtual_hosted_style_request": not settings.path_style,
            "disable_bulk_delete": True,  # 阿里云 OSS has no such call, and ours are few
        },
        client_options={
            "allow_http": settings.allow_http,
            "connect_timeout": _CONNECT,
            "read_timeout": _READ,
            "timeout": _WHOLE,
        },
        retry_config={"max_retries": 2, "retry_timeout": _RETRY},
    )


def _endpoint(settings: StorageSettings, at: Bucket) -> str:
    """With the bucket as part of the host where that is the style."""
    if not at.endpoint or settings.path_style:
        return at.endpoint
    scheme, _, host = at.endpoint.partition("://")
    return at.endpoint if host.startswith(f"{at.name}.") else f"{scheme}://{at.name}.{host}"
