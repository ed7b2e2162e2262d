"""The errors of Wenshu, named by a stable code; each family's dialect words them on the wire.

Messages are for the caller and therefore Chinese; they never carry a path, a query or a stack trace.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class WenshuError(Exception):
    """An error that a caller may see.

    ``code`` is stable; ``message`` is for people; ``field`` names the input at fault; ``details`` lists what went wrong
    with single items of a batch. ``transient``: it may pass by itself, so that durable work is tried again.
    """

    code: ClassVar[str] = "internal"
    transient: ClassVar[bool] = False
    default_message: ClassVar[str] = "服务器内部错误"

    def __init__(
        self, message: str = "", *, field: str | None = None, details: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self.message = message or self.default_message
        self.field = field
        self.details = tuple(details)
        super().__init__(self.message)


class InternalError(WenshuError):
    """Something of ours broke; the log has the trace."""


class InvalidInput(WenshuError):
    """The request cannot be understood or breaks a stated rule.

    ``faults`` are all that is wrong, field → message, where more than the first was looked for.
    """

    code = "invalid_input"
    default_message = "请求参数有误"
    faults: Sequence[tuple[str, str]] = ()


class NotJson(InvalidInput):
    """The body is no JSON object."""


class MissingField(InvalidInput):
    """A required field is absent, null or blank; ``field`` names it."""

    code = "missing_field"

    def __init__(self, field: str, message: str = "") -> None:
        super().__init__(message or f"缺少参数: {field}", field=field)


class Unauthenticated(WenshuError):
    """No valid credential where one is needed."""

    code = "unauthenticated"
    default_message = "未登录或令牌无效"


class Expired(Unauthenticated):
    """The credential was good once."""

    default_message = "令牌已过期"


class Forbidden(WenshuError):
    """The caller is known and may not do this."""

    code = "forbidden"
    default_message = "没有权限"


class NotFound(WenshuError):
    """No such thing in the caller's scope; another tenant's thing answers just so."""

    code = "not_found"
    default_message = "资源不存在"


class MethodNotAllowed(WenshuError):
    """The path exists, the method does not."""

    code = "method_not_allowed"
    default_message = "不支持的请求方法"


class Conflict(WenshuError):
    """The state of the thing does not allow this."""

    code = "conflict"
    default_message = "资源状态冲突"


class TooLarge(WenshuError):
    """The body, a file or a field is over its limit."""

    code = "too_large"
    default_message = "请求内容过大"


class UnsupportedMediaType(WenshuError):
    """The body's Content-Type is not what the call takes."""

    code = "unsupported_media_type"
    default_message = "不支持的 Content-Type"


class RangeNotSatisfiable(WenshuError):
    """The part of a file that is asked for lies behind its end; ``size`` of the whole in bytes."""

    code = "range_not_satisfiable"
    default_message = "请求的范围超出文件"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


class RateLimited(WenshuError):
    """Too many calls; ``retry_after`` is in whole seconds, at least 1."""

    code = "rate_limited"
    transient = True
    default_message = "请求过于频繁，请稍后再试"

    def __init__(self, message: str = "", *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)


class OverBudget(RateLimited):
    """The tenant has used up what it may use in this period; ``retry_after`` is the time until the next one."""

    code = "over_budget"
    transient = False
    default_message = "用量已达上限"


class Unavailable(WenshuError):
    """A part that the call needs is off or does not answer."""

    code = "unavailable"
    transient = True
    default_message = "服务暂不可用"


class ParseFailed(WenshuError):
    """A document could not be read; ``reason`` is one of ``PARSE_REASONS``."""

    code = "parse_failed"
    default_message = "解析失败"

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or f"解析失败: {PARSE_REASONS.get(reason, reason)}")
        self.reason = reason


class FetchFailed(WenshuError):
    """An address that a caller named could not be fetched (the answer was bad, slow or too large)."""

    code = "fetch_failed"
    default_message = "地址无法访问"


class FetchRefused(FetchFailed):
    """An address that a caller named is not allowed: scheme, private network, redirect."""

    code = "fetch_refused"
    default_message = "不允许访问该地址"


PARSE_REASONS: dict[str, str] = {
    "encrypted": "文件已加密",
    "corrupt": "文件已损坏",
    "too_large": "文件过大或展开后过大",
    "timeout": "解析超时",
    "crashed": "解析进程异常退出",
    "unsupported": "不支持的文件类型",
    "empty_text": "文件中没有可读的文字",
}
"""Stable reason → what people read."""
