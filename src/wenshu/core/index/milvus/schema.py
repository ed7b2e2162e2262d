"""The two collections: their fields, named as the filter grammar names them, and passages as rows of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_printers import to_milvus
from wenshu.core.index.filter_tree import And, Comparison, Expr, Membership
from wenshu.core.index.milvus.sparse import document_vector
from wenshu.core.index.port import Collection, Entry, Item
from wenshu.kit.errors import InvalidInput

if TYPE_CHECKING:
    from pymilvus import CollectionSchema, IndexParams, MilvusClient

_LONGEST = 65_535  # bytes: Milvus's own limit
_NO_PAGE = -1
_COMMON = {"heading": "heading", "start": "start", "end": "end", "page": "page", "generation": "generation"}
_FIELDS: Mapping[Collection, Mapping[str, str]] = {
    "DOC": {
        **_COMMON,
        "name": "doc_name",
        "title": "title",
        "body": "content",
        "source": "doc_url",
        "ordinal": "chunk_index",
    },
    "QA": {**_COMMON, "title": "question", "body": "answer", "source": "source", "ordinal": "ordinal"},
}
"""Attribute of an entry → field. A pair's name is its question."""
_BYTES = {"doc_name": 1_024, "title": 1_024, "doc_url": 16_384, "source": 16_384, "heading": 8_192}
_OWNER_BYTES = 512


def make(client: "MilvusClient", collection: Collection, dimension: int) -> "tuple[CollectionSchema, IndexParams]":
    """Schema and indexes; without a dimension there is no vector of meaning."""
    from pymilvus import DataType  # noqa: PLC0415 (an extra)

    schema = client.create_schema(auto_id=True, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("tenant_code", DataType.VARCHAR, max_length=_OWNER_BYTES, is_partition_key=True)
    schema.add_field("org_code", DataType.VARCHAR, max_length=_OWNER_BYTES)
    for attribute, field in _FIELDS[collection].items():
        if attribute in {"start", "end", "page", "generation", "ordinal"}:
            schema.add_field(field, DataType.INT64)
        else:
            schema.add_field(field, DataType.VARCHAR, max_length=_BYTES.get(field, _LONGEST))
    schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
    indexes = client.prepare_index_params()
    indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    indexes.add_index("generation", index_type="INVERTED")
    if dimension:
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        graph = {"M": 16, "efConstruction": 200}
        indexes.add_index("vector", index_type="HNSW", metric_type="COSINE", params=graph)
    return schema, indexes


def output_fields(collection: Collection) -> list[str]:
    """The fields that make an entry."""
    return list(_FIELDS[collection].values())


def row_of(scope: Scope, item: Item) -> dict[str, Any]:
    """The item as it is inserted. Raises InvalidInput where a text is longer than Milvus takes."""
    entry, fields = item.entry, _FIELDS[item.entry.collection]
    row: dict[str, Any] = {field: getattr(entry, attribute) for attribute, field in fields.items()}
    row["page"] = _NO_PAGE if entry.page is None else entry.page
    for field, value in row.items():
        if isinstance(value, str) and len(value.encode()) > (most := _BYTES.get(field, _LONGEST)):
            raise InvalidInput(f"{field} 过长：Milvus 索引最多存 {most:,} 字节", field=field)
    row |= {**scope.stamp(), "terms": document_vector(item.terms)}
    if item.vector is not None:
        import numpy as np  # noqa: PLC0415 (only with an embedder)

        row["vector"] = np.frombuffer(item.vector, "<f4")
    return row


def entry_of(collection: Collection, row: Mapping[str, Any]) -> Entry:
    """The entry that a row was made of."""
    values: dict[str, Any] = {attribute: row[field] for attribute, field in _FIELDS[collection].items()}
    values.setdefault("name", values["title"])
    values["page"] = None if values["page"] == _NO_PAGE else values["page"]
    return Entry(collection=collection, **values)


def within(scope: Scope, *others: Expr | None) -> str:
    """The scope and everything else that must hold, as one expression of Milvus, printed from trees."""
    conditions: list[Expr] = [Comparison("generation", ">=", 0)] if scope.everything else []
    if not scope.everything:
        conditions.append(Comparison("tenant_code", "==", scope.tenant))
        if scope.org is not None:
            conditions.append(Comparison("org_code", "==", scope.org))
    conditions += [other for other in others if other is not None]
    return to_milvus(conditions[0] if len(conditions) == 1 else And(tuple(conditions)))


def of_generations(generations: list[int], *, negated: bool = False) -> Expr | None:
    """In (or not in) these; nothing to ask where ``negated`` and there are none."""
    return None if negated and not generations else Membership("generation", tuple(generations), negated)
