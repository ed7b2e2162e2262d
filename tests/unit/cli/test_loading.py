import subprocess
import sys


def test_commands_that_talk_to_a_server_do_not_load_one():
    """They start three times as fast."""
    loaded = "import sys, wenshu.cli.main; print({'fastapi', 'sqlalchemy', 'obstore', 'lxml'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
