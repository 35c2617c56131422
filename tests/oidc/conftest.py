"""Servers that ask an identity provider, and the provider."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from identity import CLIENT, FOLDER, Provider, root
from regesta_server import Server


@pytest.fixture(scope="session", autouse=True)
def packages():
    assert (FOLDER / "node_modules" / "oidc-provider").is_dir(), "run tools/setup"


@pytest.fixture
def provider():
    running = Provider()
    yield running
    running.stop()


@pytest.fixture
def serve(tmp_path):
    """serve(issuer, KEY="value" …): a server with a first user root, which signs people in there."""
    started = []

    def start(issuer, **settings):
        environment = CLIENT | {"REGESTA_OIDC_ISSUER": issuer} | {f"REGESTA_OIDC_{key.upper()}": value for key, value in settings.items()}
        server = Server(tmp_path / f"data{len(started)}", "--access-log", str(tmp_path / "access.log"), environment=environment).start()
        started.append(server)
        root(server, "POST", "/api/v1/users", {"name": "root", "password": "a long password"}, anonymous=True)
        return server

    yield start
    for server in started:
        assert server.stop() == 0, server.log()[-4000:]
