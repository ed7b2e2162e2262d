"""Each query that names its rows walks to those rows, never through all that its tenant has."""

import sqlite3

import pytest

from wenshu.core.database.engine import Database, sqlite_url


@pytest.fixture
async def file(tmp_path):
    path = tmp_path / "db.sqlite3"
    for _ in range(2):  # a second start writes them anew
        database = Database(sqlite_url(path))
        await database.migrate()
        await database.close()
    return path


def plan(file, query):
    with sqlite3.connect(file) as connection:
        told = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
    connection.close()
    return told


MANY = ", ".join(map(str, range(30)))


@pytest.mark.parametrize(
    ("query", "way"),
    [
        ("SELECT id FROM documents WHERE generation IN (MANY) AND tenant_code = 't'", "(generation=?)"),
        ("SELECT id FROM qa_pairs WHERE generation IN (MANY) AND tenant_code = 't'", "(generation=?)"),
        ("SELECT body FROM passages WHERE id IN (MANY) AND collection = 'DOC' AND tenant_code = 't'", "PRIMARY KEY"),
        ("SELECT vector FROM passage_vectors WHERE id IN (MANY) AND tenant_code = 't'", "PRIMARY KEY"),
        (
            """SELECT id FROM passages WHERE generation IN (MANY) AND collection = 'DOC' AND tenant_code = 't'
            AND org_code = 'o'""",
            "(collection=? AND generation=?)",
        ),
        ("SELECT id FROM documents WHERE doc_name IN (MANY) AND tenant_code = 't'", "(tenant_code=?)"),
        (
            "SELECT id FROM documents WHERE doc_name IN (MANY) AND tenant_code = 't' AND org_code = 'o'",
            "(tenant_code=? AND org_code=? AND doc_name=?)",
        ),
        (
            """SELECT p.body FROM passage_terms JOIN passages AS p ON p.id = passage_terms.rowid
            WHERE passage_terms MATCH 'x' AND p.collection = 'DOC' AND p.tenant_code = 't' ORDER BY rank LIMIT 30""",
            "PRIMARY KEY",
        ),
    ],
)
def test_rows_are_found_by_what_names_them(file, query, way):
    told = plan(file, query.replace("MANY", MANY))
    assert way in told
    assert "SCAN documents" not in told
    assert "SCAN p " not in told


def test_every_index_has_its_statistics(file):
    with sqlite3.connect(file) as connection:
        indexes = {
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name NOT LIKE 'passage_terms%'"
            )
        }
        told = dict(connection.execute("SELECT idx, stat FROM sqlite_stat1"))
    connection.close()
    assert set(told) == indexes
    assert all(stat.startswith("1000000 ") and stat.endswith(" noskipscan") for stat in told.values())
