"""Every documented example of both chapters, replayed: status, headers, envelope, fields and their types."""

from typing import Any

import httpx2 as httpx
import pytest

from contracts.assistant.material import Material
from contracts.assistant.transcripts import Replay, read_all

TRANSCRIPTS = read_all()


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_the_answers_are_as_documented(name: str, client: httpx.Client, material: Material) -> None:
    material.document("优势.txt", "产品优势说明。本产品的核心优势包括性能和成本优势。")
    material.document("排期.txt", "发布排期。新品将于十二月十日在杭州发布。")
    replay = Replay(client, {"material": material.url})
    assert list(replay.objections(TRANSCRIPTS[name])) == []


def test_every_route_of_the_family_stands_in_a_transcript(routes: list[str]) -> None:
    steps: list[dict[str, Any]] = [step for steps in TRANSCRIPTS.values() for step in steps]
    assert len(steps) > 20
    told = {step["route"] for step in steps}
    assert told == {route for route in routes if "/chat_service/" in route or "/vector_db_service/" in route}
