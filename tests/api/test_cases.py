"""Plays every tests/api/*.txt against a fresh server."""

import pathlib

import pytest

import cases
from regesta_server import Server

FILES = sorted(pathlib.Path(__file__).parent.glob("*.txt"))


@pytest.fixture
def server(tmp_path):
    """Without scans by itself, whose evidence would come at any moment of a case."""
    running = Server(tmp_path / "data", environment={"REGESTA_SCAN_ARRIVALS": "false"}).start()
    yield running
    assert running.stop() == 0, running.log()[-4000:]


@pytest.mark.parametrize("path", FILES, ids=[f.stem for f in FILES])
def test_file(path, server):
    memory = {}
    faults = []
    for case in cases.parse(path.read_text()):
        if fault := cases.run(case, "127.0.0.1", server.port, memory):
            faults.append(f"{path.name}:{case.line}: {case.name}: {fault}")
    assert not faults, "\n".join(faults)
