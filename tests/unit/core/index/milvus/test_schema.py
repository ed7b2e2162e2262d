import pytest

from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index.filters import DOC_FIELDS, parse_filter
from wenshu.core.index.milvus.schema import entry_of, of_generations, row_of, within
from wenshu.core.index.port import Entry, ready
from wenshu.kit.errors import InvalidInput


def entry(collection="DOC", **changed):
    values = {
        "collection": collection, "generation": 7, "ordinal": 2, "name": "问", "title": "问", "heading": "章",
        "body": "答", "source": "http://x", "start": 0, "end": 1, "page": None,
    }  # fmt: skip
    return Entry(**{**values, **changed})


@pytest.mark.parametrize("made", [entry(name="手册.txt", title="手册", page=3), entry(), entry("QA")])
def test_a_row_gives_its_entry_back(made):
    row = row_of(Scope("acme", "sales"), ready(made))
    assert (row["tenant_code"], row["org_code"]) == ("acme", "sales")
    assert entry_of(made.collection, row) == made


@pytest.mark.parametrize(
    ("field", "changed"), [("answer", {"body": "𠮷" * 20_000}), ("question", {"title": "x" * 70_000})]
)
def test_what_milvus_cannot_hold_is_refused_by_name(field, changed):
    with pytest.raises(InvalidInput) as refused:
        row_of(Scope("acme"), ready(entry("QA", **changed)))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("scope", "expression"),
    [
        (Scope("acme"), 'tenant_code == "acme"'),
        (Scope("acme", "sales"), 'tenant_code == "acme" and org_code == "sales"'),
        (Scope(), 'tenant_code == ""'),
        (Scope('a" or tenant_code != "'), 'tenant_code == "a\\" or tenant_code != \\""'),
        (EVERYTHING, "generation >= 0"),
    ],
)
def test_every_expression_begins_with_the_scope(scope, expression):
    assert within(scope) == expression
    assert within(scope, of_generations([], negated=True)) == expression
    assert within(scope, of_generations([1, 2])) == f"{expression} and generation in [1, 2]"


def test_a_callers_or_never_reaches_over_the_scope():
    asked = parse_filter("tenant_code == 'globex' or doc_name == 'x'", DOC_FIELDS)
    assert within(Scope("acme"), asked) == 'tenant_code == "acme" and (tenant_code == "globex" or doc_name == "x")'
