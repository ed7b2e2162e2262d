"""Notes from a real MCP server in a process of its own."""

import pytest

from notes_server import TOKEN, notes_server
from wenshu.core.external.mcp import McpNotes
from wenshu.core.external.port import MOST_CHARACTERS, NotesFailed


def notes(
    url: str, *, tool: str = "search_feeds", token: str = TOKEN, seconds: float = 20, most: int = 2**20
) -> McpNotes:
    return McpNotes(url, tool, token, timeout_seconds=seconds, max_bytes=most)


@pytest.mark.parametrize("kind", ["good", "json"])
async def test_the_tool_s_notes_come_back(kind: str) -> None:
    with notes_server(kind) as url:
        source = notes(url)
        first, second = await source.search("水表", 5)
        assert (first.title, first.author, first.url) == ("给老房子换了超声波水表", "小河", "https://notes.example/1")
        assert first.text.startswith("给老房子换了超声波水表\n师傅上门四十分钟")
        assert (second.title, second.text, second.author) == (
            "物业群都在问的智能水表",
            "物业群都在问的智能水表",
            "阿灿",
        )
        assert len(await source.search("水表", 1)) == 1
        await source.close()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("failing", "rejected"), ("huge", "too_large"), ("garbage", "garbage"), ("no tool", "no_tool")],
)
async def test_what_is_wrong_is_told_in_one_word(kind: str, reason: str) -> None:
    with notes_server(kind) as url, pytest.raises(NotesFailed) as told:
        await notes(url).search("水表", 5)
    assert told.value.reason == reason
    assert "secret" not in str(told.value)


async def test_a_slow_server_is_left() -> None:
    with notes_server("slow") as url, pytest.raises(NotesFailed) as told:
        await notes(url, seconds=1).search("水表", 5)
    assert told.value.reason == "timeout"


async def test_a_server_that_is_gone_or_does_not_know_us() -> None:
    with notes_server() as url:
        with pytest.raises(NotesFailed) as told:
            await notes(url, token="wrong").search("水表", 5)
        assert told.value.reason == "rejected"
        with pytest.raises(NotesFailed):
            await notes(f"{url}/none").search("水表", 5)
    with pytest.raises(NotesFailed) as told:
        await notes(url).search("水表", 5)
    assert told.value.reason == "connect"


async def test_no_note_and_long_notes() -> None:
    with notes_server("empty") as url:
        assert await notes(url).search("水表", 5) == []
    with notes_server("huge") as url:
        (note,) = await notes(url, most=2**25).search("水表", 5)
        assert len(note.text) == MOST_CHARACTERS
