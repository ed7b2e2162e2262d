"""Outside notes as passages: woven into an answer behind the library's, and never needed for one."""

from wenshu.core.external.port import Note, Notes, NotesFailed
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.uploads import UploadedText, find_in_texts

NOT_CONFIGURED = "未配置外部资源（小红书）连接，本次回答未使用外部资源"
NOTHING_FOUND = "外部资源（小红书）中没有找到相关笔记"
_FAILED = "外部资源（小红书）连接失败：{}，本次回答未使用外部资源"
_LONGEST_QUERY = 100


class Outside:
    """What is known outside, as far as a connector is configured and answers."""

    def __init__(self, notes: Notes | None = None, limit: int = 5) -> None:
        self._notes = notes
        self._limit = limit

    async def passages(self, query: str) -> tuple[list[Passage], str]:
        """Notes about the words as passages, the likeliest first, and what a reader should know of it, or nothing."""
        if self._notes is None:
            return [], NOT_CONFIGURED
        try:
            notes = await self._notes.search(" ".join(query.split())[:_LONGEST_QUERY], self._limit)
        except NotesFailed as error:
            return [], _FAILED.format(error.message)
        named = [UploadedText(_name(number, note), note.url, note.text) for number, note in enumerate(notes, 1)]
        # Few and short: they are read here, not in a thread.
        found = find_in_texts(query, named, self._limit, "external")
        return found, "" if found else NOTHING_FOUND


def _name(number: int, note: Note) -> str:
    return note.title or (f"{note.author}的笔记" if note.author else f"小红书笔记 {number}")
