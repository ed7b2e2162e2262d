"""Makes ``first_release.json``: rows of the first release, in the tables that its migration makes.

Run once, ``python tests/ports/upgrade/freeze.py``; the file stays as it is, whatever becomes of the tables later.
"""

import json
from hashlib import sha256
from pathlib import Path

from wenshu.core.database.migrations import revisions, tables_at

FROZEN = Path(__file__).with_name("first_release.json")
BODY = "差旅费须在返程后三日内提交。"
SCOPE = {"tenant_code": "t", "org_code": "o"}
AT = {"created_at": 1_733_000_000_000_000, "updated_at": 1_733_000_000_000_000}
FILE = "0123456789abcdef0123456789abcdef"

ROWS = {
    "files": [
        {
            **SCOPE,
            "id": FILE,
            "name": "报销.txt",
            "media_type": "text/plain",
            "size": len(BODY.encode()),
            "sha256": sha256(BODY.encode()).hexdigest(),
            **AT,
        }
    ],
    "documents": [
        {**SCOPE, "id": 7, "doc_name": "报销.txt", "doc_url": f"wenshu-file:{FILE}/x", "text": BODY, "chunks": 1, **AT}
    ],
    "qa_pairs": [
        {
            **SCOPE,
            "id": 3,
            "question_hash": sha256("会议室怎么预订？".encode()).hexdigest(),
            "question": "会议室怎么预订？",
            "answer": "在前台登记。",
            "source": "行政手册",
            **AT,
        }
    ],
    "chat_sessions": [
        {**SCOPE, "id": 5, "session_id": "s-1", "user_id": "u", "title": "报销", "is_deleted": False, **AT}
    ],
    "chat_messages": [
        {**SCOPE, "id": 11, "session_key": 5, "role": "user", "content": "何时报销？", "is_pending": False, **AT},
        {
            **SCOPE,
            "id": 12,
            "session_key": 5,
            "role": "assistant",
            "content": "返程后三日内。[1]",
            "sources": json.dumps([{"name": "报销.txt", "url": ""}]),
            "is_pending": False,
            **AT,
        },
    ],
    "chat_turns": [
        {
            **SCOPE,
            "stream_id": "f" * 32,
            "session_key": 5,
            "question_key": 11,
            "answer_key": 12,
            "state": "answered",
            "attempts": 1,
            "request": "{}",
            **AT,
        }
    ],
}


def frozen() -> dict:
    """Each table's columns, and its rows as they are stored."""
    tables = {}
    for table in tables_at(revisions()[0]):
        columns = [column.name for column in table.columns]
        rows = [[row.get(name) for name in columns] for row in ROWS[table.name]]
        tables[table.name] = {"columns": columns, "rows": rows}
    return {"revision": revisions()[0], "tables": tables}


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(frozen(), ensure_ascii=False, indent=1) + "\n", "utf-8")
