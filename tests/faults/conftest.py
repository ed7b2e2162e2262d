"""A server to break, and what lies around it."""

import pytest

from faults.conversation import begin
from faults.outside import doc_server, model_server
from faults.wenshu import Wenshu


@pytest.fixture
def wenshu(tmp_path):
    server = Wenshu(tmp_path)
    yield server
    server.close()


@pytest.fixture
def docs():
    with doc_server() as server:
        yield server


@pytest.fixture
def model():
    with model_server() as server:
        yield server


@pytest.fixture
def asking(wenshu, model):
    """A server whose answers are written by the model server."""
    return begin(wenshu, model)
