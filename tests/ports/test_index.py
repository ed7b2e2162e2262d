"""What every adapter of the index port keeps."""

import asyncio

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ports.indexes import ADAPTERS, piece
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index.port import MAX_QUERY_TERMS, Place
from wenshu.zh.tokens import query_terms, terms

ACME, ACME_SALES, ACME_LEGAL = Scope("acme"), Scope("acme", "sales"), Scope("acme", "legal")
GLOBEX, GLOBAL = Scope("globex"), Scope()


@pytest.fixture(params=ADAPTERS)
async def library(request, tmp_path, lite):
    async with ADAPTERS[request.param](tmp_path, lite) as opened:
        yield opened


async def test_what_is_put_comes_back_whole(library):
    entry = piece(7, "广茂铁路全长364.6公里。", ordinal=4)
    await library.put(ACME, entry)
    found = await library.find(ACME, "广茂铁路多长")
    assert found.entries == [entry]


async def test_a_document_s_pieces_are_read_by_their_numbers(library):
    pieces = [piece(7, f"第{n}段", ordinal=n) for n in range(5)]
    await library.put(ACME_SALES, *pieces)
    await library.put(ACME_SALES, piece(8, "别的", ordinal=2), piece(7, "答", collection="QA", ordinal=2))
    assert await library.pieces(ACME, 7, range(1, 4)) == pieces[1:4]
    assert await library.pieces(ACME, 7, range(-1, 1)) == pieces[:1]
    assert await library.pieces(ACME, 7, range(5, 10)) == []
    for stranger in (ACME_LEGAL, GLOBEX, GLOBAL):
        assert await library.pieces(stranger, 7, range(5)) == []


async def test_the_likeliest_comes_first_and_the_limit_holds(library):
    await library.put(
        ACME, piece(1, "公里"), piece(2, "广茂铁路全长364.6公里"), piece(3, "铁路的历史"), piece(4, "铁路")
    )
    assert (await library.found(ACME, "广茂铁路全长多少公里"))[0] == 2
    assert len(await library.found(ACME, "铁路公里", limit=2)) == 2


async def test_title_and_heading_are_searched_too(library):
    await library.put(ACME, piece(1, "正文", title="员工守则"))
    assert await library.found(ACME, "员工守则") == [1]
    assert await library.found(ACME, "第一章") == [1]


async def test_script_width_and_numerals_make_no_difference(library):
    await library.put(ACME, piece(1, "臺灣於二〇二三年投入三万五千元"))
    for question in ("台湾", "2023", "２０２３", "35000", "3.5万"):
        assert await library.found(ACME, question) == [1], question


async def test_a_lone_character_finds_every_place_it_stands(library):
    await library.put(ACME, piece(1, "绿茶很好"), piece(2, "喝的是绿茶"), piece(3, "咖啡"), piece(4, "茶"))
    assert sorted(await library.found(ACME, "茶")) == [1, 2, 4]


@pytest.mark.parametrize("words", [[], ["不存在"], query_terms("？！"), ["x" * 40]])
async def test_nothing_shared_finds_nothing(library, words):
    await library.put(ACME, piece(1, "广茂铁路"))
    assert (await library.find(ACME, words)).entries in ([], ())


async def test_an_empty_index_finds_nothing(library):
    found = await library.find(ACME, "铁路")
    assert (list(found.entries), found.statistics.passages) == ([], 0)


async def test_a_scope_sees_its_own_rows_only(library):
    for generation, scope in enumerate((ACME, ACME_SALES, ACME_LEGAL, GLOBEX, GLOBAL), start=1):
        await library.put(scope, piece(generation, "铁路"))
    seen = {
        scope: sorted(await library.found(scope, "铁路")) for scope in (ACME, ACME_SALES, ACME_LEGAL, GLOBEX, GLOBAL)
    }
    assert seen == {ACME: [1, 2, 3], ACME_SALES: [2], ACME_LEGAL: [3], GLOBEX: [4], GLOBAL: [5]}
    assert await library.found(Scope("acme", "none"), "铁路") == []
    assert await library.found(Scope("nobody"), "铁路") == []


async def test_statistics_are_the_scopes_own(library):
    await library.put(ACME_SALES, piece(1, "铁路公里"), piece(2, "铁路"))
    await library.put(ACME_LEGAL, piece(3, "铁路"))
    await library.put(GLOBEX, *(piece(generation, "铁路公里") for generation in range(4, 24)))
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
    assert {entry.generation for entry in after.entries} == {entry.generation for entry in before.entries}


async def test_removing_takes_all_passages_of_an_owner_in_the_scope(library):
    await library.put(ACME, piece(1, "铁路", ordinal=0), piece(1, "铁路", ordinal=1), piece(2, "铁路"))
    await library.put(GLOBEX, piece(1, "铁路"))
    await library.remove(ACME, [1, 99])
    assert await library.found(ACME, "铁路") == [2]
    assert await library.found(GLOBEX, "铁路") == [1]
    assert (await library.find(ACME, "铁路")).statistics.passages == 1
    await library.remove(ACME, [])
    assert await library.found(ACME, "铁路") == [2]


async def test_collections_are_apart(library):
    await library.put(ACME, piece(1, "铁路"), piece(1, "铁路", collection="QA"))
    await library.remove(ACME, [1], "QA")
    assert await library.found(ACME, "铁路", collection="QA") == []
    assert await library.found(ACME, "铁路") == [1]


async def test_clearing_takes_what_the_scope_sees_and_nothing_else(library):
    for generation, scope in enumerate((ACME, ACME_SALES, ACME_LEGAL, GLOBEX, GLOBAL), start=1):
        await library.put(scope, piece(generation, "铁路"))
    await library.clear(ACME_SALES)
    assert sorted(await library.found(ACME, "铁路")) == [1, 3]
    await library.clear(GLOBAL)
    await library.clear(ACME)
    assert await library.found(ACME, "铁路") == []
    assert await library.found(GLOBEX, "铁路") == [4]


async def test_what_was_taken_out_can_be_put_again(library):
    for round_ in range(3):
        await library.put(ACME, *(piece(n, f"铁路第{round_}版", ordinal=n) for n in range(5)))
        await library.remove(ACME, range(5))
    await library.put(ACME, piece(1, "铁路终版"))
    found = await library.find(ACME, "铁路")
    assert [entry.body for entry in found.entries] == ["铁路终版"]
    assert found.statistics.passages == found.statistics.holding["铁路"] == 1


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
    assert sorted(await library.found(ACME, "铁路", expression=expression)) == owners


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
    assert sorted(await library.found(ACME, "铁路", collection="QA", expression=expression)) == owners


async def test_a_filter_never_eats_the_limit(library):
    await library.put(ACME, *(piece(n, "铁路公里", name="甲.txt") for n in range(50)), piece(99, "铁路", name="乙.txt"))
    assert await library.found(ACME, "铁路公里", limit=3, expression="doc_name == '乙.txt'") == [99]


async def test_more_terms_than_are_used_do_no_harm(library):
    await library.put(ACME, piece(1, "铁路"))
    words = ["铁路", *(f"词{n}" for n in range(5 * MAX_QUERY_TERMS))]
    found = await library.find(ACME, words)
    assert [entry.generation for entry in found.entries] == [1]
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
    assert set(await library.found(ACME, words)) <= {1}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
async def test_any_text_is_found_by_its_own_terms(library, text):
    await library.clear(ACME)
    await library.put(ACME, piece(1, text, title="", name=""))
    words = terms(text)[:MAX_QUERY_TERMS]
    assert await library.found(ACME, words) == ([1] if words else [])


async def test_a_large_scope_is_still_searched_by_its_rare_terms(library):
    await library.put(ACME, *(piece(n, f"铁路公里站台车站编号{n}") for n in range(6000)))
    assert (await library.found(ACME, "铁路公里站台车站编号4711"))[0] == 4711
    await library.clear(ACME)
    assert await library.found(ACME, "铁路") == []


async def test_what_is_older_than_a_generation_is_cleared(library):
    await library.put(ACME, *(piece(n, "铁路") for n in (3, 5, 9)), piece(2, "铁路", collection="QA"))
    await library.put(GLOBEX, piece(4, "铁路"))
    await library.clear(ACME, before=5)
    assert sorted(await library.found(ACME, "铁路")) == [5, 9]
    assert await library.found(GLOBEX, "铁路") == [4]
    await library.clear(EVERYTHING, before=9)
    assert await library.found(ACME, "铁路") == [9]
    assert await library.found(GLOBEX, "铁路") == []
    assert await library.found(ACME, "铁路", collection="QA") == [2]


async def test_generations_that_are_not_wanted_are_passed_over(library):
    await library.put(ACME, *(piece(n, "铁路公里") for n in range(1, 40)), piece(50, "铁路"))
    assert await library.found(ACME, "铁路公里", limit=3, without=range(1, 40)) == [50]


async def test_a_search_goes_on_while_much_is_put(library):
    await library.put(ACME, piece(1, "铁路公里"))
    putting = asyncio.create_task(library.put(ACME, *(piece(n, f"站台{n}") for n in range(2, 1500))))
    while not putting.done():
        assert await library.found(ACME, "铁路公里") == [1]
    await putting
    assert await library.found(ACME, "站台77", limit=1) == [77]


@pytest.mark.parametrize("text", ['引号"与\\反斜杠', "换行\n与制表\t", "%_*?[]", "𠮷野家与\u200b零宽", "'; DROP"])
async def test_any_text_comes_back_and_is_filtered_on_word_for_word(library, text):
    await library.put(ACME, piece(1, text, name=text, source=text), piece(2, f"{text}别的", name="别的"))
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    found = await library.find(ACME, terms(text)[:9] or ["章"], expression=f'doc_name == "{quoted}"')
    assert [(entry.name, entry.body, entry.source) for entry in found.entries] == [(text, text, text)]
    assert (await library.pieces(ACME, 1, range(1)))[0].body == text


def unit(*numbers):
    vector = np.asarray(numbers, "<f4")
    return (vector / np.linalg.norm(vector)).astype("<f4").tobytes()


EAST, NORTH, BETWEEN, WEST = unit(1, 0), unit(0, 1), unit(1, 1), unit(-1, 0)


async def test_the_nearest_come_with_their_cosines(library):
    await library.put(ACME, *(piece(n, "甲") for n in (1, 2, 3, 4)), vectors=[NORTH, BETWEEN, EAST, WEST])
    near = await library.near(ACME, EAST)
    assert [one.entry for one in near] == [piece(n, "甲") for n in (3, 2, 1, 4)]
    assert [one.cosine for one in near] == pytest.approx([1, 0.7071, 0, -1], abs=1e-4)
    assert await library.nearest(ACME, EAST, limit=2) == [3, 2]
    assert await library.nearest(ACME, EAST, limit=2, without=[3]) == [2, 1]


async def test_what_is_found_by_terms_is_measured_too(library):
    await library.put(ACME, piece(1, "铁路"), piece(2, "公路", ordinal=7), vectors=[NORTH, BETWEEN])
    found = await library.find(ACME, "铁路公路", vector=EAST)
    assert found.cosines == {Place(1, 0): pytest.approx(0, abs=1e-4), Place(2, 7): pytest.approx(0.7071, abs=1e-4)}
    assert (await library.find(ACME, "铁路公路")).cosines == {}


async def test_without_vectors_nothing_is_near(library):
    await library.put(ACME, piece(1, "铁路"))
    assert await library.nearest(ACME, EAST) == []
    assert await library.nearest(GLOBEX, EAST) == []
    assert (await library.find(ACME, "铁路", vector=EAST)).cosines == {}


async def test_vectors_of_another_width_are_not_compared(library):
    await library.put(ACME, piece(1, "铁路"), vectors=[unit(1, 0, 0)])
    assert await library.nearest(ACME, EAST) == []
    assert (await library.find(ACME, "铁路", vector=EAST)).cosines == {}


async def test_the_nearest_are_the_scopes_own(library):
    for generation, scope in enumerate((ACME, ACME_SALES, ACME_LEGAL, GLOBEX, GLOBAL), start=1):
        await library.put(scope, piece(generation, "铁路"), vectors=[EAST])
        await library.put(scope, piece(generation + 10, "铁路", collection="QA"), vectors=[EAST])
    seen = {
        scope: sorted(await library.nearest(scope, EAST)) for scope in (ACME, ACME_SALES, ACME_LEGAL, GLOBEX, GLOBAL)
    }
    assert seen == {ACME: [1, 2, 3], ACME_SALES: [2], ACME_LEGAL: [3], GLOBEX: [4], GLOBAL: [5]}
    assert await library.nearest(GLOBEX, EAST, collection="QA") == [14]


async def test_a_filter_never_eats_the_nearest(library):
    near = [piece(n, "甲", name="甲.txt") for n in range(1, 800)]
    await library.put(ACME, *near, vectors=[unit(1, n / 10_000) for n in range(1, 800)])
    await library.put(ACME, piece(999, "乙", name="乙.txt"), vectors=[NORTH])
    assert await library.nearest(ACME, EAST, limit=3, expression="doc_name == '乙.txt'") == [999]


async def test_the_nearest_follow_what_changes(library):
    await library.put(ACME, piece(1, "甲"), piece(2, "甲"), vectors=[EAST, BETWEEN])
    assert await library.nearest(ACME, EAST) == [1, 2]
    await library.remove(ACME, [1])
    assert await library.nearest(ACME, EAST) == [2]
    await library.put(ACME, piece(3, "甲"), vectors=[EAST])
    assert await library.nearest(ACME, EAST) == [3, 2]
    for generation in range(4, 20):
        await library.put(ACME, piece(generation, "甲"), vectors=[EAST])
        await library.remove(ACME, [generation - 1])
    assert await library.nearest(ACME, EAST) == [19, 2]
    await library.clear(ACME)
    assert await library.nearest(ACME, EAST) == []
