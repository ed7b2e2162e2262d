"""What ``wenshu doctor`` says of the database."""

import pytest
from typer.testing import CliRunner

from wenshu.cli.main import app

PASSWORD = "correct-horse-battery"
runner = CliRunner()


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WENSHU_HOME", str(tmp_path / "home"))


@pytest.fixture
def said(monkeypatch):
    """The lines of the doctor that name the database, for a URL."""

    def said(url):
        monkeypatch.setenv("WENSHU_DATABASE_URL", url)
        output = runner.invoke(app, ["doctor"]).output
        assert "Traceback" not in output
        assert PASSWORD not in output
        return [line for line in output.splitlines() if "数据库" in line or "WENSHU_DATABASE_URL" in line]

    return said


def test_without_a_url_there_is_nothing_to_say(said):
    assert said("") == []


def test_a_database_that_is_fit(said, postgres, postgres_url):
    first = said(postgres_url.replace("postgres@", f"postgres:{PASSWORD}@"))[0]
    assert first.startswith("✓ ")
    assert str(postgres.folder) in first
    assert "PostgreSQL 18" in first


def test_a_database_that_cannot_be_reached(said):
    first = said(f"postgresql://u:{PASSWORD}@127.0.0.1:1/wenshu")[0]
    assert first.startswith("✗ ")
    assert "127.0.0.1:1/wenshu" in first


def test_a_database_of_another_encoding(said, postgres):
    postgres.execute("CREATE DATABASE latin_doctor ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    assert "LATIN1" in said(postgres.url("latin_doctor"))[0]
    postgres.drop("latin_doctor")


def test_an_option_that_does_not_exist(said, postgres_url):
    assert said(f"{postgres_url}&no_such_option=1")[0].startswith("✗ ")


def test_a_url_that_is_none(said):
    (line,) = said(f"mysql://u:{PASSWORD}@h/d")
    assert line.startswith("✗ WENSHU_DATABASE_URL")
