import pytest

from wenshu.core.settings import load
from wenshu.server.compose import Misconfigured
from wenshu.server.home import Home
from wenshu.server.prepare import own, prepare

PASSWORD = "correct-horse-battery"


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path / "home")
    own(home)
    yield home
    home.release()


def settings(url):
    return load({"database": {"url": url}})


def test_an_empty_database_is_made_ready(home, postgres):
    name = postgres.create()
    prepare(settings(postgres.url(name)), home)
    prepare(settings(postgres.url(name)), home)
    assert postgres.execute("SELECT count(*) FROM processes", name) == [(0,)]
    assert not home.database.exists()
    postgres.drop(name)


@pytest.mark.parametrize("rest", ["127.0.0.1:1/wenshu", "127.0.0.1:1/wenshu?no_such_option=1"])
def test_a_database_that_cannot_be_used_is_named_without_its_password(home, rest):
    with pytest.raises(Misconfigured, match=r"127\.0\.0\.1:1/wenshu") as caught:
        prepare(settings(f"postgresql://u:{PASSWORD}@{rest}"), home)
    assert PASSWORD not in str(caught.value)


def test_a_database_that_is_not_fit_stays_as_it_is(home, postgres):
    postgres.execute("CREATE DATABASE latin_prepare ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(Misconfigured, match="LATIN1"):
        prepare(settings(postgres.url("latin_prepare")), home)
    assert postgres.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", "latin_prepare") == [(0,)]
    postgres.drop("latin_prepare")
