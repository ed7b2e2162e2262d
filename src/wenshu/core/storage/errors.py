"""What can go wrong with the store, in one error."""

import re
from typing import Literal

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from wenshu.kit.errors import Unavailable

Reason = Literal["refused", "unreachable", "missing", "full", "slow", "broken"]

MESSAGES: dict[Reason, str] = {
    "refused": "文件存储拒绝访问，请检查凭据与权限",
    "unreachable": "无法连接文件存储",
    "missing": "文件存储的桶或目录不存在",
    "full": "文件存储空间不足",
    "slow": "文件存储过慢，请重试",
    "broken": "文件存储出错",
}
"""Stable reason → what people read."""

_FULL = {"27", "28", "122"}  # EFBIG, ENOSPC, EDQUOT
_DENIED = {"1", "13", "30"}  # EPERM, EACCES, EROFS
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_S3_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
_HTTP_STATUS = re.compile(r"status code: (\d{3})")
_NETWORK = re.compile(r"(dns error|InvalidCertificate|TimedOut|Connection ?[Rr]efused|kind: Connect)")


class StorageUnavailable(Unavailable):
    """The store did not take or give an object.

    ``detail`` is for the operator: the store's own code (``NoSuchBucket``), an HTTP status, what went wrong with the
    connection or the system's error number. Nothing else that a store wrote is carried along: S3 repeats the key's id
    in its refusals.
    """

    default_message = "文件存储暂不可用"

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(MESSAGES[reason])
        self.reason: Reason = reason
        self.detail = detail


def worded(error: Exception) -> StorageUnavailable:
    """An error of obstore in our words; its own text holds paths, addresses and what S3 answered."""
    text = str(error)
    code = _first(_S3_CODE, text)
    number = _first(_OS_ERROR, text)
    status = _first(_HTTP_STATUS, text)
    detail = (
        code
        or (status and f"HTTP {status}")
        or _first(_NETWORK, text)
        or (number and f"os error {number}")
        or type(error).__name__
    )
    return StorageUnavailable(_reason(error, text, code=code, number=number), detail)


def is_absence(error: FileNotFoundError) -> bool:
    """Whether an object is not there, rather than the whole bucket."""
    return _first(_S3_CODE, str(error)) != "NoSuchBucket"


def _reason(error: Exception, text: str, *, code: str, number: str) -> Reason:
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or number in _DENIED:
        return "refused"
    if code == "NoSuchBucket" or isinstance(error, FileNotFoundError):
        return "missing"
    if number in _FULL:
        return "full"
    return "unreachable" if "HTTP error" in text else "broken"


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
