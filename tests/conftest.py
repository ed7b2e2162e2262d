"""What all tests share."""

import pytest
from hypothesis import settings

from s3 import s3_server

# A busy machine is no fault of the code: examples are not timed.
settings.register_profile("wenshu", deadline=None)
settings.load_profile("wenshu")


@pytest.fixture(scope="session")
def s3():
    """An S3 server of its own process, started by the first test that asks for it."""
    with s3_server() as server:
        yield server
