"""One Milvus Lite for all tests that need one, and only where one does."""

import pytest

from lite import Lite


@pytest.fixture(scope="session")
def lite(tmp_path_factory):
    """Starts it at the first call."""
    started = []

    def start():
        if not started:
            started.append(Lite(tmp_path_factory.mktemp("milvus") / "data").start())
        return started[0]

    yield start
    for server in started:
        server.close()
