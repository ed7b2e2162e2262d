"""Random filter trees in canonical form, and rows for them."""

from hypothesis import strategies as st

from wenshu.core.index.filter_tree import And, Comparison, Expr, Like, Membership, Not, Or, Wildcard
from wenshu.core.index.filters import DOC_FIELDS, FieldType

FIELDS: dict[str, FieldType] = {**DOC_FIELDS, "weight": "float", "live": "boolean"}

# Small and nasty: quotes, escapes, the wildcards of LIKE and GLOB, both cases of a letter, up to 4 bytes a character.
texts = st.text(alphabet="aAbé中𠮷%_\\'\"[]*?!^-\n\t ", max_size=6)
_values = {
    "text": texts,
    "integer": st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1),
    "float": st.sampled_from([-1.5, 0.0, 1.5, 1e-7, 1e20]),
    "boolean": st.booleans(),
}
_fields = st.sampled_from(sorted(FIELDS))
_text_fields = st.sampled_from([name for name, kind in FIELDS.items() if kind == "text"])
_operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def _canonical(parts: list[str | Wildcard]) -> tuple[str | Wildcard, ...]:
    joined: list[str | Wildcard] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)


_patterns = st.lists(texts.filter(bool) | st.sampled_from(Wildcard), max_size=5).map(_canonical)
_predicates = st.one_of(
    _fields.flatmap(lambda name: st.builds(Comparison, st.just(name), _operators, _values[FIELDS[name]])),
    _fields.flatmap(
        lambda name: st.builds(
            Membership, st.just(name), st.lists(_values[FIELDS[name]], max_size=3).map(tuple), st.booleans()
        )
    ),
    st.builds(Like, _text_fields, _patterns),
)


def _compound(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    def joined(kind: type[And] | type[Or]) -> st.SearchStrategy[Expr]:
        operands = inner.filter(lambda expr: not isinstance(expr, kind))
        return st.lists(operands, min_size=2, max_size=3).map(lambda found: kind(tuple(found)))

    return st.one_of(inner.filter(lambda expr: not isinstance(expr, Not)).map(Not), joined(And), joined(Or))


exprs: st.SearchStrategy[Expr] = st.recursive(_predicates, _compound, max_leaves=8)
rows = st.fixed_dictionaries({name: st.none() | _values[kind] for name, kind in FIELDS.items()})
