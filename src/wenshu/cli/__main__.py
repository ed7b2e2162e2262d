"""``python -m wenshu.cli``."""

from wenshu.cli.main import app

app()
