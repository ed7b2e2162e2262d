"""What SQLite's planner is told of the data: always the same, so that a plan never depends on when it was made.

Without statistics it takes every index for equally telling: of a query by thirty ids within a tenant it then walks the
whole tenant, texts and all. Statistics that ``ANALYZE`` gathers fit the data of that moment; those written here by hand
fit a large library, and a small one is quick in any case (https://sqlite.org/optoverview.html#manctrl).
"""

from collections.abc import Iterable
from itertools import groupby

from sqlalchemy import Row
from sqlalchemy.engine import Connection

_ROWS = 1_000_000
_ALIKE = {"tenant_code": 20, "org_code": 5, "collection": 2, "state": 4, "kind": 5, "role": 2, "user_id": 100}
"""How many different values a column has of which many rows have the same; any other column tells rows apart."""

_INDEXES = """
SELECT t.name AS owner, l.name, l."unique" AS is_unique, i.name AS column_name
FROM sqlite_master AS t, pragma_index_list(t.name) AS l, pragma_index_info(l.name) AS i
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND NOT EXISTS (
    SELECT 1 FROM sqlite_master AS v WHERE v.sql LIKE 'CREATE VIRTUAL TABLE%' AND t.name LIKE v.name || '%'
)
ORDER BY t.name, l.name, i.seqno
"""


def settle_plans(connection: Connection) -> None:
    """Write the statistics of every index; connections that open from now on plan by them."""
    indexes = connection.exec_driver_sql(_INDEXES).all()
    if not indexes:
        return
    connection.exec_driver_sql("PRAGMA analysis_limit=1")
    connection.exec_driver_sql(f'ANALYZE "{indexes[0].owner}"')  # makes sqlite_stat1 where it is missing
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    rows = [
        (owner, name, _statistics(list(columns)))
        for (owner, name), columns in groupby(indexes, key=lambda row: (row.owner, row.name))
    ]
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", rows)


def _statistics(columns: Iterable[Row[tuple[str, str, int, str]]]) -> str:
    """Rows of the table, then for each length of the index's beginning how many rows share its values.

    No skip-scan: to look for a name under every tenant there is, in turn, is no plan where there are thousands.
    """
    shares: list[int] = [_ROWS]
    is_unique = False
    for column in columns:
        shares.append(max(1, shares[-1] // _ALIKE.get(column.column_name, _ROWS // 10)))
        is_unique = bool(column.is_unique)
    if is_unique:
        shares[-1] = 1
    return " ".join([*map(str, shares), "noskipscan"])
