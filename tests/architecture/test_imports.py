"""The import contracts of pyproject.toml, with zero exceptions."""

import tomllib
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]


def test_every_contract_is_kept(capsys):
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_contract_has_an_exception():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert contracts
    assert not [contract["id"] for contract in contracts if contract.get("ignore_imports")]


def test_services_never_import_each_other():
    services = ROOT / "src" / "wenshu" / "services"
    names = sorted(path.name for path in services.iterdir() if path.is_dir() and path.name != "__pycache__")
    for name in names:
        for path in (services / name).rglob("*.py"):
            foreign = [other for other in names if other != name and f"wenshu.services.{other}" in path.read_text()]
            assert not foreign, f"{path} imports {foreign}"
