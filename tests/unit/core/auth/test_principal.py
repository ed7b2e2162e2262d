import pytest

from wenshu.core.auth.principal import TRUSTED
from wenshu.core.database.scope import Scope
from wenshu.kit.errors import InvalidInput


@pytest.mark.parametrize(
    ("tenant", "org", "scope"),
    [
        (None, None, Scope()),
        ("", "", Scope()),
        (" t1 ", None, Scope("t1")),
        ("t1", "orgA", Scope("t1", "orgA")),
        ("租户-1", "a.b:c@d", Scope("租户-1", "a.b:c@d")),
    ],
)
def test_words_name_a_scope(tenant, org, scope):
    assert TRUSTED.scope(tenant, org) == scope


@pytest.mark.parametrize(
    ("tenant", "org", "field"),
    [(None, "o", "org_code"), ("t' or 1=1", None, "tenant_code"), ("t", "x" * 129, "org_code")],
)
def test_words_that_name_none(tenant, org, field):
    with pytest.raises(InvalidInput) as caught:
        TRUSTED.scope(tenant, org)
    assert caught.value.field == field
