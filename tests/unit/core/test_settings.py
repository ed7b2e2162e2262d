import pytest
from pydantic import ValidationError

from wenshu.core.settings import load, show


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("WENSHU_HOME", "WENSHU_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def sources(flags=None):
    return {item.name: (item.value, item.source) for item in show(load(flags), flags)}


def test_flags_win_over_environment_over_file_over_defaults(monkeypatch, tmp_path):
    (tmp_path / "wenshu.toml").write_text('[server]\nport = 1\nhost = "a"\nmax_files = 7\n[search]\nlimit = 4\n')
    monkeypatch.setenv("WENSHU_SERVER_PORT", "2")
    monkeypatch.setenv("WENSHU_SERVER_HOST", "b")
    flags = {"server": {"port": 3}}
    settings = load(flags)
    assert (settings.server.port, settings.server.host, settings.server.max_files) == (3, "b", 7)
    shown = sources(flags)
    assert shown["server.port"] == ("3", "flag")
    assert shown["server.host"] == ("b", "environment")
    assert shown["server.max_files"] == ("7", "file wenshu.toml")
    assert shown["search.limit"] == ("4", "file wenshu.toml")
    assert shown["rate.limit"] == ("6000/minute", "default")


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("WENSHU_DATABASE_URL", "sqlite+aiosqlite:///x", lambda s: s.database.url.get_secret_value()),
        ("WENSHU_STORAGE_URL", "file:///x", lambda s: s.storage.url),
        ("WENSHU_MILVUS_URI", "http://m:19530", lambda s: s.milvus.uri),
        ("WENSHU_SEARCH_LIMIT", 9, lambda s: s.search.limit),
        ("WENSHU_RATE_LIMIT", "5/second", lambda s: s.rate.limit),
        ("WENSHU_SERVER_PUBLIC_URL", "https://w", lambda s: s.server.public_url),
    ],
)
def test_named_variables(monkeypatch, name, value, read):
    monkeypatch.setenv(name, str(value))
    assert read(load()) == value


def test_lists_are_json(monkeypatch):
    monkeypatch.setenv("WENSHU_FETCH_ALLOW_HOSTS", '["minio:9000", "10.0.0.0/8"]')
    monkeypatch.setenv("WENSHU_CORS_ORIGINS", '["https://a"]')
    settings = load()
    assert settings.fetch.allow_hosts == ["minio:9000", "10.0.0.0/8"]
    assert settings.cors.origins == ["https://a"]


def test_secrets_stay_hidden(monkeypatch):
    monkeypatch.setenv("WENSHU_LLM_API_KEY", "sk:very-secret")
    monkeypatch.setenv("WENSHU_DATABASE_URL", "postgresql://user:pass-word@host/db")
    shown = sources()
    assert "very-secret" not in str(shown)
    assert shown["database.url"][0] == "postgresql://user:******@host/db"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:se@cr/et#?@h:5432/d?sslmode=require", "postgresql://u:******@h:5432/d?sslmode=require"),
        (
            "postgresql://u@h/d?password=secret&sslpassword=secret",
            "postgresql://u@h/d?password=******&sslpassword=******",
        ),
        ("postgresql://u@h:5432/d", "postgresql://u@h:5432/d"),
        ("sqlite:////srv/w.sqlite3", "sqlite:////srv/w.sqlite3"),
        ("secret", "******"),
    ],
)
def test_addresses_show_all_but_their_passwords(url, shown):
    settings = load({"database": {"url": url}})
    assert next(item.value for item in show(settings) if item.name == "database.url") == shown


def test_home_names_the_file(monkeypatch, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "wenshu.toml").write_text("[search]\nlimit = 8\n")
    monkeypatch.setenv("WENSHU_HOME", str(home))
    assert load().search.limit == 8


@pytest.mark.parametrize(
    "text", ["[server]\nprot = 1\n", "[nothing]\na = 1\n", '[rate]\nlimit = "often"\n', "[server]\nport = 99999\n"]
)
def test_typing_mistakes_are_errors(tmp_path, text):
    (tmp_path / "wenshu.toml").write_text(text)
    with pytest.raises(ValidationError):
        load()


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "wenshu.toml").write_text("[server\n")
    with pytest.raises(ValueError, match=r"wenshu\.toml"):
        load()
