"""What every adapter of the index port keeps."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.filters import DOC_FIELDS, QA_FIELDS, parse_filter
from wenshu.core.index.port import MAX_QUERY_TERMS, Entry, Query
from wenshu.zh.tokens import query_terms, terms

ACME, ACME_SALES, ACME_LEGAL = Scope("acme"), Scope("acme", "sales"), Scope("acme", "legal")
GLOBEX, GLOBAL = Scope("globex"), Scope()


@pytest.fixture
async def database(tmp_path):
    opened = Database(sqlite_url(tmp_path / "index.sqlite3"))
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture(params=[EmbeddedIndex])
def index(request):
    return request.param()


def piece(owner_id, body, *, title="手册", ordinal=0, collection="DOC", name="手册.txt", source="http://x/1"):
    return Entry(
        collection=collection, owner_id=owner_id, ordinal=ordinal, name=name, title=title, heading="第一章",
        body=body, source=source, start=3, end=3 + len(body), page=2,
    )  # fmt: skip


@pytest.fixture
def library(database, index):
    return Library(database, index)


class Library:
    """The port with a transaction around each call."""

    def __init__(self, database, index):
        self.database, self.index = database, index

    async def put(self, scope, *entries):
        async with self.database.write(scope) as tx:
            await self.index.put(tx, scope, entries)

    async def remove(self, scope, owner_ids, collection="DOC"):
        async with self.database.write(scope) as tx:
            return await self.index.remove(tx, scope, collection, owner_ids)

    async def clear(self, scope, collection="DOC"):
        async with self.database.write(scope) as tx:
            return await self.index.clear(tx, scope, collection)

    async def find(self, scope, question, *, collection="DOC", limit=10, expression=""):
        fields = DOC_FIELDS if collection == "DOC" else QA_FIELDS
        words = question if isinstance(question, list) else query_terms(question)
        query = Query(collection, words, limit, parse_filter(expression, fields))
        async with self.database.read(scope) as tx:
            return await self.index.find(tx, scope, query)

    async def owners(self, scope, question, **options):
        return [entry.owner_id for entry in (await self.find(scope, question, **options)).entries]


async def test_what_is_put_comes_back_whole(library):
    entry = piece(7, "广茂铁路全长364.6公里。", ordinal=4)
    await library.put(ACME, entry)
    found = await library.find(ACME, "广茂铁路多长")
    assert found.entries == [entry]


async def test_a_document_s_pieces_are_read_by_their_numbers(library):
    pieces = [piece(7, f"第{n}段", ordinal=n) for n in range(5)]
    await library.put(ACME_SALES, *pieces)
    await library.put(ACME_SALES, piece(8, "别的", ordinal=2), piece(7, "答", collection="QA", ordinal=2))
    async with library.database.read(ACME) as tx:
        assert await library.index.pieces(tx, ACME, 7, 1, 3) == pieces[1:4]
        assert await library.index.pieces(tx, ACME, 7, -1, 0) == pieces[:1]
        assert await library.index.pieces(tx, ACME, 7, 5, 9) == []
        for stranger in (ACME_LEGAL, GLOBEX, GLOBAL):
            assert await library.index.pieces(tx, stranger, 7, 0, 4) == []


async def test_the_likeliest_comes_first_and_the_limit_holds(library):
    await library.put(
        ACME, piece(1, "公里"), piece(2, "广茂铁路全长364.6公里"), piece(3, "铁路的历史"), piece(4, "铁路")
    )
    assert (await library.owners(ACME, "广茂铁路全长多少公里"))[0] == 2
    assert len(await library.owners(ACME, "铁路公里", limit=2)) == 2


async def test_title_and_heading_are_searched_too(library):
    await library.put(ACME, piece(1, "正文", title="员工守则"))
    assert await library.owners(ACME, "员工守则") == [1]
    assert await library.owners(ACME, "第一章") == [1]


async def test_script_width_and_numerals_make_no_difference(library):
    await library.put(ACME, piece(1, "臺灣於二〇二三年投入三万五千元"))
    for question in ("台湾", "2023", "２０２３", "35000", "3.5万"):
        assert await library.owners(ACME, question) == [1], question


async def test_a_lone_character_finds_every_place_it_stands(library):
    await library.put(ACME, piece(1, "绿茶很好"), piece(2, "喝的是绿茶"), piece(3, "咖啡"), piece(4, "茶"))
    assert sorted(await library.owners(ACME, "茶")) == [1, 2, 4]


@pytest.mark.parametrize("words", [[], ["不存在"], query_terms("？！"), ["x" * 40]])
async def test_nothing_shared_finds_nothing(library, words):
    await library.put(ACME, piece(1, "广茂铁路"))
    assert (await library.find(ACME, words)).entries in ([], ())


async def test_an_empty_index_finds_nothing(library):
    found = await library.find(ACME, "铁路")
    assert (list(found.entries), found.statistics.passages) == ([], 0)


async def test_a_scope_sees_its_own_rows_only(library):
    for owner_id, scope in enumerate((ACME, ACME_SALES, ACME_LEGAL, GLOBEX, GLOBAL), start=1):
        await library.put(scope, piece(owner_id, "铁路"))
    seen = {
        scope: sorted(await library.owners(scope, "铁路")) for scope in (ACME, ACME_SALES, ACME_LEGAL, GLOBEX, GLOBAL)
    }
    assert seen == {ACME: [1, 2, 3], ACME_SALES: [2], ACME_LEGAL: [3], GLOBEX: [4], GLOBAL: [5]}
    assert await library.owners(Scope("acme", "none"), "铁路") == []
    assert await library.owners(Scope("nobody"), "铁路") == []


async def test_statistics_are_the_scopes_own(library):
    await library.put(ACME_SALES, piece(1, "铁路公里"), piece(2, "铁路"))
    await library.put(ACME_LEGAL, piece(3, "铁路"))
    await library.put(GLOBEX, *(piece(owner_id, "铁路公里") for owner_id in range(4, 24)))
    await library.put(ACME_SALES, piece(30, "铁路", collection="QA"))
    for scope, passages, holding in (
        (ACME, 3, {"铁路": 3, "公里": 1, "海洋": 0}),
        (ACME_SALES, 2, {"铁路": 2, "公里": 1, "海洋": 0}),
        (ACME_LEGAL, 1, {"铁路": 1, "公里": 0, "海洋": 0}),
        (GLOBEX, 20, {"铁路": 20, "公里": 20, "海洋": 0}),
    ):
        statistics = (await library.find(scope, ["铁路", "公里", "海洋"])).statistics
        assert (statistics.passages, dict(statistics.holding)) == (passages, holding)


async def test_another_tenants_rows_change_nothing_in_what_is_found(library):
    await library.put(ACME, *(piece(n, f"铁路{'公里' * (n % 3)}站台{n}") for n in range(20)))
    before = await library.find(ACME, "铁路公里站台7")
    await library.put(GLOBEX, *(piece(100 + n, "铁路公里站台7" * 9) for n in range(200)))
    after = await library.find(ACME, "铁路公里站台7")
    assert after.statistics == before.statistics
    assert {entry.owner_id for entry in after.entries} == {entry.owner_id for entry in before.entries}


async def test_removing_takes_all_passages_of_an_owner_in_the_scope(library):
    await library.put(ACME, piece(1, "铁路", ordinal=0), piece(1, "铁路", ordinal=1), piece(2, "铁路"))
    await library.put(GLOBEX, piece(1, "铁路"))
    assert await library.remove(ACME, [1, 99]) == 2
    assert await library.owners(ACME, "铁路") == [2]
    assert await library.owners(GLOBEX, "铁路") == [1]
    assert (await library.find(ACME, "铁路")).statistics.passages == 1
    assert await library.remove(ACME, []) == 0


async def test_collections_are_apart(library):
    await library.put(ACME, piece(1, "铁路"), piece(1, "铁路", collection="QA"))
    assert await library.remove(ACME, [1], "QA") == 1
    assert await library.owners(ACME, "铁路", collection="QA") == []
    assert await library.owners(ACME, "铁路") == [1]


async def test_clearing_takes_what_the_scope_sees_and_nothing_else(library):
    for owner_id, scope in enumerate((ACME, ACME_SALES, ACME_LEGAL, GLOBEX, GLOBAL), start=1):
        await library.put(scope, piece(owner_id, "铁路"))
    assert await library.clear(ACME_SALES) == 1
    assert sorted(await library.owners(ACME, "铁路")) == [1, 3]
    assert await library.clear(GLOBAL) == 1
    assert await library.clear(ACME) == 2
    assert await library.owners(ACME, "铁路") == []
    assert await library.owners(GLOBEX, "铁路") == [4]


async def test_what_was_taken_out_can_be_put_again(library):
    for round_ in range(3):
        await library.put(ACME, *(piece(n, f"铁路第{round_}版", ordinal=n) for n in range(5)))
        assert await library.remove(ACME, range(5)) == 5
    await library.put(ACME, piece(1, "铁路终版"))
    found = await library.find(ACME, "铁路")
    assert [entry.body for entry in found.entries] == ["铁路终版"]
    assert found.statistics.passages == found.statistics.holding["铁路"] == 1


async def test_a_transaction_that_fails_leaves_the_index_as_it_was(library):
    await library.put(ACME, piece(1, "旧铁路"))
    with pytest.raises(LookupError):
        await put_then_fail(library)
    found = await library.find(ACME, "铁路")
    assert [entry.body for entry in found.entries] == ["旧铁路"]
    assert found.statistics.passages == 1


async def put_then_fail(library):
    async with library.database.write(ACME) as tx:
        await library.index.remove(tx, ACME, "DOC", [1])
        await library.index.put(tx, ACME, [piece(1, "新铁路")])
        raise LookupError


@pytest.mark.parametrize(
    ("expression", "owners"),
    [
        ("doc_name == '甲.txt'", [1]),
        ("doc_url like 'http://b/%'", [2]),
        ("chunk_index > 1", [3]),
        ("content like '%公里%'", [2, 3]),
        ("tenant_code == 'acme'", [1, 2, 3]),
        ("tenant_code == 'globex'", []),
        ("tenant_code == 'globex' or tenant_code != ''", [1, 2, 3]),
        ("org_code == ''", [1, 2, 3]),
        ("not (doc_name in ['甲.txt', '乙.txt'])", [3]),
    ],
)
async def test_filters_narrow_a_document_search(library, expression, owners):
    await library.put(
        ACME,
        piece(1, "铁路", name="甲.txt", source="http://a/1"),
        piece(2, "铁路公里", name="乙.txt", source="http://b/2"),
        piece(3, "铁路公里", name="丙.txt", source="http://a/3", ordinal=2),
    )
    await library.put(GLOBEX, piece(9, "铁路", name="甲.txt"))
    assert sorted(await library.owners(ACME, "铁路", expression=expression)) == owners


@pytest.mark.parametrize(
    ("expression", "owners"),
    [("question == '铁路多长'", [1]), ("answer like '%公里'", [1]), ("source == '官网'", [2])],
)
async def test_filters_narrow_a_pair_search(library, expression, owners):
    await library.put(
        ACME,
        piece(1, "364.6公里", title="铁路多长", collection="QA", source="手册"),
        piece(2, "1959年", title="铁路何时通车", collection="QA", source="官网"),
    )
    assert sorted(await library.owners(ACME, "铁路", collection="QA", expression=expression)) == owners


async def test_a_filter_never_eats_the_limit(library):
    await library.put(ACME, *(piece(n, "铁路公里", name="甲.txt") for n in range(50)), piece(99, "铁路", name="乙.txt"))
    assert await library.owners(ACME, "铁路公里", limit=3, expression="doc_name == '乙.txt'") == [99]


async def test_more_terms_than_are_used_do_no_harm(library):
    await library.put(ACME, piece(1, "铁路"))
    words = ["铁路", *(f"词{n}" for n in range(5 * MAX_QUERY_TERMS))]
    found = await library.find(ACME, words)
    assert [entry.owner_id for entry in found.entries] == [1]
    assert len(found.statistics.holding) <= MAX_QUERY_TERMS


@pytest.mark.parametrize(
    "words",
    [
        ['铁路" OR "owner'],
        ['"'],
        ["owner : 1"],
        ["铁路*"],
        ["NEAR(铁路)"],
        ["-"],
        ["AND", "OR", "NOT"],
        ["''; --"],
        [""],
    ],
)
async def test_terms_are_never_read_as_a_query_language(library, words):
    await library.put(ACME, piece(1, "铁路"))
    await library.put(GLOBEX, piece(2, "铁路"))
    assert set(await library.owners(ACME, words)) <= {1}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
async def test_any_text_is_found_by_its_own_terms(library, text):
    await library.clear(ACME)
    await library.put(ACME, piece(1, text, title="", name=""))
    words = terms(text)[:MAX_QUERY_TERMS]
    assert await library.owners(ACME, words) == ([1] if words else [])


async def test_a_large_scope_is_still_searched_by_its_rare_terms(library):
    await library.put(ACME, *(piece(n, f"铁路公里站台车站编号{n}") for n in range(6000)))
    assert (await library.owners(ACME, "铁路公里站台车站编号4711"))[0] == 4711
    assert await library.clear(ACME) == 6000
