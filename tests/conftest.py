import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from regesta_server import Server


@pytest.fixture
def server(tmp_path):
    """A fresh server with an empty data directory."""
    running = Server(tmp_path / "data").start()
    yield running
    assert running.stop() == 0, running.log()[-4000:]


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    """One server for all tests of a module, for tests that do not mind each other."""
    running = Server(tmp_path_factory.mktemp("server") / "data").start()
    yield running
    assert running.stop() == 0, running.log()[-4000:]
