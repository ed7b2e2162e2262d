"""No table with rows of tenants is forgotten by exports and erasures: a new one has to say what it holds of whom."""

import re

from wenshu.core.database.schema import metadata
from wenshu.server.holdings import ERASED, IMPERSONAL, INTERNAL, LASTING, PERSONAL, SECRET, holdings

HOLDINGS = holdings()
OWNED = {table.name for table in HOLDINGS.tables}
WHO = {"user_id", "username", "caller", "actor"}
FOR_PEOPLE = {
    ("audit_entries", "hash"),
    ("audit_heads", "hash"),
    ("audit_heads", "trimmed_hash"),
    ("documents", "digest"),
    ("files", "sha256"),
    ("qa_pairs", "question_hash"),
}
"""Digests of what is handed out with them."""


def test_every_table_says_what_it_holds():
    assert {name for name, table in metadata.tables.items() if "tenant_code" in table.c} == OWNED
    assert set(PERSONAL) | IMPERSONAL == OWNED
    assert not set(PERSONAL) & IMPERSONAL
    assert set(INTERNAL) | set(LASTING) | set(SECRET) <= OWNED
    assert set(ERASED) <= set(PERSONAL)


def test_who_names_a_user_is_personal():
    named = {table.name for table in HOLDINGS.tables if WHO & set(table.c.keys())}
    assert named <= set(PERSONAL)


def test_what_looks_like_a_secret_is_none_or_stays():
    told = {
        (table.name, column.name)
        for table in HOLDINGS.tables
        if table.name not in INTERNAL
        for column in table.columns
        if re.search("hash|digest|sha256|secret|password|pem|token(?!s$)|private", column.name)
        if column.name not in SECRET.get(table.name, ())
    }
    assert told == FOR_PEOPLE
