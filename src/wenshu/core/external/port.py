"""The port to outside notes: words go out, notes come in, bounded in time and size."""

from dataclasses import dataclass
from typing import Literal, Protocol

from wenshu.kit.errors import Unavailable

Reason = Literal["connect", "timeout", "rejected", "garbage", "too_large", "no_tool"]

MESSAGES: dict[Reason, str] = {
    "connect": "无法连接",
    "timeout": "响应超时",
    "rejected": "请求被拒绝",
    "garbage": "返回的内容无法识别",
    "too_large": "返回的内容过大",
    "no_tool": "没有所配置的工具",
}
"""Stable reason → what people read."""

MOST_CHARACTERS = 2_000
"""Longest text of one note; a longer one is cut."""


@dataclass(frozen=True, slots=True)
class Note:
    """Somebody's note: data, whatever it says. ``text`` is never empty; ``url`` is http(s) or empty."""

    title: str
    text: str
    url: str = ""
    author: str = ""


class NotesFailed(Unavailable):
    """There are no notes to be had now; nothing of what the other side said is carried along."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(MESSAGES[reason])
        self.reason: Reason = reason


class Notes(Protocol):
    """A source of notes; safe for concurrent use."""

    async def search(self, query: str, limit: int) -> list[Note]:
        """At most ``limit`` notes about the words, the likeliest first. Raises NotesFailed."""
        ...

    async def close(self) -> None:
        """Close connections; searches under way fail."""
        ...
