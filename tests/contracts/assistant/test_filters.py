"""Hostile ``filter_expr``: refused or and-ed with the scope, never able to widen it, never a fault of the server."""

import httpx2 as httpx
import pytest

from contracts.assistant.wire import LIBRARY, failed, succeeded

REFUSED = [
    "tenant_code ==",
    "== 'a'",
    "(tenant_code == 'a'",
    "tenant_code == 'a')",
    "tenant_code == 'a",
    'tenant_code == "a',
    "tenant_code = 'a'",
    "tenant_code == a",
    "tenant_code == 'a' 'b'",
    "tenant_code == 'a';",
    "tenant_code == 'a' -- ",
    "tenant_code == 'a' # x",
    "tenant_code == 'a' /* */",
    "tenant_code == 'a'; DROP TABLE qa_pairs",
    "1 == 1",
    "true",
    "'a' == 'a'",
    "1",
    "*",
    "not",
    "and",
    "tenant_code",
    "tenant_code is null",
    "tenant_code == null",
    "exists(tenant_code)",
    "secret == 'a'",
    "id > 0",
    "rowid > 0",
    "TENANT_CODE == 'a'",
    "tenant_code == 5",
    "question == 5",
    "question > true",
    "question in 'a'",
    "question in ['a'",
    "question in ('a')",
    "question in [a]",
    "question in [['a']]",
    "question like 5",
    "question like 'a' escape 'b'",
    "question glob '*'",
    "question match 'a'",
    "question regexp '.*'",
    "question == 'a' union select 1",
    "question == (select answer from qa_pairs)",
    "question || 'a' == 'b'",
    "length(question) > 0",
    "json_contains(question, 'a')",
    "question[0] == 'a'",
    "question.tenant_code == 'a'",
    "${question} == 'a'",
    "question == '\\'",
    "question == '\\ud800'",
    "a" * 5000,
    "question == '" + "a" * 5000 + "'",
    "(" * 5000,
    "not " * 5000,
    "(" * 21 + "question == 'a'" + ")" * 21,
    " or ".join(["question == 'a'"] * 300),
    "question in [" + ",".join(["'a'"] * 700) + "]",
    "question == 99999999999999999999999999",
    "question == 1e999",
    "question == '甲' and",
    "question == 'a' xor question == 'b'",
    "question\u200b == 'a'",
    "question ＝＝ 'a'",
    "question == ‘a’",
]


@pytest.mark.parametrize("kind", ["QA", "DOC"])
@pytest.mark.usefixtures("untouched")
def test_what_does_not_parse_is_refused(client: httpx.Client, kind: str) -> None:
    accepted: list[str] = []
    for expression in REFUSED:
        body = {"query": "甲", "collection_type": kind, "filter_expr": expression.replace("question", "doc_name")}
        if kind == "QA":
            body["filter_expr"] = expression
        response = client.post(f"{LIBRARY}/search_from_vector_db", json=body)
        if response.status_code != 400:
            accepted.append(f"{expression[:60]}: {response.text[:100]}")
            continue
        assert "filter_expr" in failed(response, 400)
    assert accepted == []


@pytest.mark.parametrize("field", ["question", "answer", "source"])
def test_each_collection_has_its_own_fields(client: httpx.Client, field: str) -> None:
    body = {"query": "甲", "filter_expr": f"{field} == 'a'"}
    succeeded(client.post(f"{LIBRARY}/search_from_vector_db", json={**body, "collection_type": "QA"}))
    failed(client.post(f"{LIBRARY}/search_from_vector_db", json={**body, "collection_type": "DOC"}), 400)


@pytest.fixture
def two(client: httpx.Client, tag: str) -> tuple[str, str]:
    """Two tenants with the same question; the second one's is not the first one's business."""
    first, second = f"{tag}a", f"{tag}b"
    for tenant in (first, second):
        for org in ("", "o1", "o2"):
            body = {"tenant_code": tenant, "org_code": org, "question": f"谁的{tag}？", "answer": f"{tenant}的{org}"}
            succeeded(client.post(f"{LIBRARY}/add_qa", json=body))
    return first, second


def answers(client: httpx.Client, tag: str, expression: str, **codes: str) -> list[str]:
    """The answers that the search finds."""
    asked = {"query": f"谁的{tag}？", "collection_type": "QA", "limit": 50, "filter_expr": expression, **codes}
    ((*hits,),) = succeeded(client.post(f"{LIBRARY}/search_from_vector_db", json=asked))["entities"]
    return sorted(hit["answer"] for hit in hits)


WIDENING = [
    "tenant_code == '{second}'",
    "tenant_code == '{second}' or tenant_code == '{first}'",
    "tenant_code != ''",
    "tenant_code like '%'",
    "tenant_code in ['{first}', '{second}', '']",
    "not (tenant_code == '{first}')",
    "tenant_code >= ''",
    "question == 'x' or tenant_code == '{second}'",
    "question like '%' or org_code == 'o1'",
    "answer == 'x'' or 1==1 or answer == '",
    "answer == 'x' or tenant_code == '{second}' and org_code == 'o2'",
    'answer == "\\" or tenant_code == \'{second}\' or answer == \\""',
]


@pytest.mark.parametrize("expression", WIDENING)
def test_no_expression_widens_the_scope(client: httpx.Client, tag: str, two: tuple[str, str], expression: str) -> None:
    first, second = two
    filled = expression.format(first=first, second=second)
    asked = {"query": f"谁的{tag}？", "collection_type": "QA", "limit": 50, "filter_expr": filled}
    for org in ("", "o1", "x"):
        codes = {"tenant_code": first, "org_code": org}
        response = client.post(f"{LIBRARY}/search_from_vector_db", json={**asked, **codes})
        assert response.status_code in {200, 400}
        assert second not in response.text
        if org:
            assert f"{first}的o2" not in response.text
            assert f'"{first}的"' not in response.text


def test_an_expression_names_the_scope_where_the_body_does_not(
    client: httpx.Client, tag: str, two: tuple[str, str]
) -> None:
    first, second = two
    all_of_first = sorted([f"{first}的", f"{first}的o1", f"{first}的o2"])
    assert answers(client, tag, f"tenant_code == '{first}'") == all_of_first
    assert answers(client, tag, f"tenant_code == '{first}' && org_code == 'o1'") == [f"{first}的o1"]
    assert answers(client, tag, f"org_code == 'o1' and tenant_code == \"{first}\"") == [f"{first}的o1"]
    assert answers(client, tag, f"tenant_code == '{first}' and answer like '%o2'") == [f"{first}的o2"]
    for elsewhere in (
        f"tenant_code == '{first}' or tenant_code == '{second}'",
        f"tenant_code == '{first}' and tenant_code == '{second}'",
        f"not (tenant_code == '{second}')",
        f"tenant_code in ['{first}']",
        "org_code == 'o1'",
    ):
        assert answers(client, tag, elsewhere) == [], elsewhere


def test_the_body_s_scope_wins_over_the_expression_s(client: httpx.Client, tag: str, two: tuple[str, str]) -> None:
    first, second = two
    assert answers(client, tag, f"tenant_code == '{second}'", tenant_code=first) == []
    assert answers(client, tag, f"tenant_code == '{first}'", tenant_code=first, org_code="o1") == [f"{first}的o1"]
    body = {"query": "谁", "collection_type": "QA", "org_code": "o1", "filter_expr": f"tenant_code == '{first}'"}
    failed(client.post(f"{LIBRARY}/search_from_vector_db", json=body), 400)
