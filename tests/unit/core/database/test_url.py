import pytest

from wenshu.core.database.url import parse_url, place, sqlite_url


@pytest.mark.parametrize(
    ("text", "driver", "where"),
    [
        ("postgresql://u:p@h:5433/d", "postgresql+psycopg", "PostgreSQL h:5433/d"),
        ("postgres://u:p@h/d?sslmode=require", "postgresql+psycopg", "PostgreSQL h/d"),
        ("postgresql+psycopg:///d?host=/run/pg", "postgresql+psycopg", "PostgreSQL /run/pg/d"),
        ("postgresql://u@/d?host=h1:5432&host=h2:5432", "postgresql+psycopg", "PostgreSQL h1:5432,h2:5432/d"),
        ("postgresql://u:p%40ss%2F@h/d", "postgresql+psycopg", "PostgreSQL h/d"),
        ("sqlite:////srv/w.sqlite3", "sqlite+aiosqlite", "/srv/w.sqlite3"),
        ("sqlite+aiosqlite:////srv/w.sqlite3", "sqlite+aiosqlite", "/srv/w.sqlite3"),
    ],
)
def test_what_is_taken(text, driver, where):
    url = parse_url(text)
    assert url.drivername == driver
    assert place(url) == where


@pytest.mark.parametrize(
    "text",
    [
        "postgresql+asyncpg://u:secret-word@h/d",
        "mysql://u:secret-word@h/d",
        "u:secret-word@h/d",
        "secret-word://u@h/d",
        "postgresql://u:p@secret-word@h/d",
        "postgresql://u:secret-word",
        "postgresql://u:x@h:secret-word/d",
        "postgresql://u:secret-word@h",
        "postgresql://u:secret-word@h/",
        "",
    ],
)
def test_what_is_refused_and_never_quoted(text):
    with pytest.raises(ValueError, match=r"postgresql://|%40") as caught:
        parse_url(text)
    assert "secret-word" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_is_no_part_of_a_place():
    assert "secret" not in place(parse_url("postgresql://u:secret@h/d?password=secret&sslpassword=secret"))


def test_the_url_of_a_file(tmp_path):
    assert place(parse_url(sqlite_url(tmp_path / "数据 库.sqlite3"))) == str(tmp_path / "数据 库.sqlite3")
