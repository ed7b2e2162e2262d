import socket

import pytest
from typer.testing import CliRunner

from wenshu.cli.main import app

runner = CliRunner()
GROUPS = {
    "tenant": "create list show rename disable enable",
    "user": "create list show roles disable enable reset-password",
    "audit": "list verify",
    "key": "create list show delete rotate-signing",
}


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WENSHU_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["serve"],
        ["worker"],
        ["ask"],
        ["search"],
        ["import"],
        ["import", "docs"],
        ["import", "qa"],
        ["import", "synonyms"],
        ["jobs"],
        ["jobs", "list"],
        ["jobs", "show"],
        ["jobs", "retry"],
        ["jobs", "cancel"],
        ["config"],
        ["config", "show"],
        ["doctor"],
        *([group, command] for group, commands in GROUPS.items() for command in commands.split()),
        ["reindex"],
        ["move"],
    ],
)
def test_help_helps(command):
    result = runner.invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_config_show_names_sources(monkeypatch):
    monkeypatch.setenv("WENSHU_SEARCH_LIMIT", "7")
    monkeypatch.setenv("WENSHU_LLM_API_KEY", "sk-secret")
    result = runner.invoke(app, ["config", "show"])
    assert result.exit_code == 0
    line = next(line for line in result.output.splitlines() if line.startswith("search.limit"))
    assert line.split() == ["search.limit", "7", "environment"]
    assert "sk-secret" not in result.output


def test_wrong_settings_are_told_in_words(monkeypatch):
    monkeypatch.setenv("WENSHU_SERVER_PORT", "many")
    result = runner.invoke(app, ["config", "show"])
    assert result.exit_code == 1
    assert "server.port" in result.stderr


def test_serve_refuses_other_addresses():
    result = runner.invoke(app, ["serve", "--host", "10.255.0.1"])
    assert result.exit_code == 1
    assert "--trust-network" in result.stderr


def test_a_worker_on_sqlite_is_told_what_to_do_instead(tmp_path):
    result = runner.invoke(app, ["worker"])
    assert result.exit_code == 1
    assert "wenshu serve" in result.stderr
    assert "postgresql://" in result.stderr
    assert not (tmp_path / "home").exists()


def test_serve_says_when_the_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = runner.invoke(app, ["serve", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 1
    assert "无法监听" in result.stderr


def test_import_of_nothing_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    result = runner.invoke(app, ["import", "docs", str(tmp_path / "empty")])
    assert result.exit_code == 1
    assert "没有可导入的文件" in result.stderr
