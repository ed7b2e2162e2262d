"""What really stands in a home: its database read beside the server, and held to every rule that binds its tables."""

import sqlite3
from collections import Counter
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from faults.material import marks


class Store:
    """A consistent copy of a home's database, taken now."""

    def __init__(self, home: Path, copy: Path) -> None:
        self._home = home
        copy.unlink(missing_ok=True)
        self._db = sqlite3.connect(copy, isolation_level=None)
        with closing(sqlite3.connect(f"file:{home / 'wenshu.sqlite3'}?mode=ro", uri=True)) as live:
            live.backup(self._db)

    def close(self) -> None:
        self._db.close()

    def rows(self, query: str, *values) -> list[tuple]:
        return self._db.execute(query, values).fetchall()

    def document(self, tenant: str, name: str) -> list[tuple[str, int]] | None:
        """The marks of a document's text, or None where there is no such document."""
        found = self.rows("SELECT text FROM documents WHERE tenant_code = ? AND doc_name = ?", tenant, name)
        assert len(found) <= 1
        return marks(found[0][0]) if found else None

    def pairs(self, tenant: str) -> dict[str, str]:
        return dict(self.rows("SELECT question, answer FROM qa_pairs WHERE tenant_code = ?", tenant))

    def open_turns(self) -> int:
        return self.rows("SELECT count(*) FROM chat_turns WHERE state = 'answering'")[0][0]

    def check(self) -> None:
        """Every rule at once."""
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        assert self.rows("PRAGMA foreign_key_check") == []
        self._check_documents()
        self._check_pairs()
        self._check_index()
        self._check_files()
        self._check_chat()

    def _check_documents(self) -> None:
        documents = self.rows(
            "SELECT generation, tenant_code, org_code, doc_name, doc_url, text, chunks FROM documents"
        )
        for key, tenant, org, name, url, text, chunks in documents:
            passages = self.rows(
                "SELECT ordinal, tenant_code, org_code, name, source, body, start, end FROM passages"
                " WHERE collection = 'DOC' AND generation = ? ORDER BY ordinal",
                key,
            )
            assert [row[0] for row in passages] == list(range(chunks)), name
            assert {row[1:5] for row in passages} <= {(tenant, org, name, url)}
            assert all(text[start:end] == body for *_, body, start, end in passages), name
            found = marks(" ".join(row[5] for row in passages))
            assert list(dict.fromkeys(found)) == marks(text), name
        orphans = (
            "SELECT id FROM passages WHERE collection = 'DOC' AND generation NOT IN (SELECT generation FROM documents)"
        )
        assert self.rows(orphans) == []

    def _check_pairs(self) -> None:
        pairs = "SELECT generation, tenant_code, org_code, question, answer, source FROM qa_pairs ORDER BY generation"
        passages = (
            "SELECT generation, tenant_code, org_code, title, body, source FROM passages"
            " WHERE collection = 'QA' ORDER BY generation"
        )
        assert self.rows(pairs) == self.rows(passages)

    def _check_index(self) -> None:
        self._db.execute("INSERT INTO passage_terms(passage_terms) VALUES ('integrity-check')")
        assert self.rows("SELECT id FROM passages ORDER BY id") == self.rows(
            "SELECT rowid FROM passage_terms ORDER BY rowid"
        )
        counted = Counter(self.rows("SELECT tenant_code, org_code, collection FROM passages"))
        kept = self.rows("SELECT tenant_code, org_code, collection, passages FROM passage_owners")
        assert {row[:3]: row[3] for row in kept if row[3]} == counted

    def _check_files(self) -> None:
        for key, size, digest in self.rows("SELECT id, size, sha256 FROM files WHERE state = 'kept'"):
            body = (self._home / "objects" / key).read_bytes()
            assert (len(body), sha256(body).hexdigest()) == (size, digest)

    def _check_chat(self) -> None:
        turns = self.rows(
            "SELECT t.state, q.role, q.is_pending, q.session_key = t.session_key, a.role, a.is_pending,"
            " a.session_key = t.session_key, a.content != '' OR a.stopped, a.question_key = q.id"
            " FROM chat_turns t JOIN chat_messages q ON q.id = t.question_key"
            " LEFT JOIN chat_messages a ON a.id = t.answer_key"
        )
        fine = {
            ("answered", "user", 0, 1, "assistant", 0, 1, 1, 1),
            ("answering", "user", 0, 1, "assistant", 1, 1, 0, 1),
            ("failed", "user", 0, 1, None, None, None, None, None),
        }
        assert set(turns) <= fine
        answers = sum(turn[0] != "failed" for turn in turns)
        assert self.rows("SELECT count(*) FROM chat_messages WHERE role = 'assistant'") == [(answers,)]
        asked = "SELECT count(DISTINCT question_key) FROM chat_turns"
        assert self.rows("SELECT count(*) FROM chat_messages WHERE role = 'user'") == self.rows(asked)
        shown = "SELECT sum(NOT superseded) FROM chat_messages WHERE role = 'assistant' AND NOT is_pending"
        assert {row[0] for row in self.rows(f"{shown} GROUP BY question_key")} <= {1}
