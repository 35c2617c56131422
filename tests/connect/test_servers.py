"""Two servers on one PostgreSQL: one exchanges at a time, and each takes over from the other."""

import subprocess
import tempfile

import pytest

from conftest import Bank, person, review, status, texts, ticket
from regesta_server import ROOT, Server, eventually


@pytest.fixture
def database():
    folder = tempfile.mkdtemp(prefix="regesta-pg-")  # root lends the work to the user postgres, who must get there
    tool = ROOT / "tools" / "postgres"
    url = subprocess.run([tool, "start", folder, "--fast"], capture_output=True, text=True, check=True).stdout.strip()
    yield url
    subprocess.run([tool, "drop", folder], check=True, capture_output=True)


def test_two_servers_do_everything_once(database, cloud, tmp_path):
    options = ["--db", database, "--ledger-key", str(tmp_path / "ledger.key")]
    bank = Bank(tmp_path, *options)
    second = Server(tmp_path / "second", "--webhooks-allow", "127.0.0.1", *options).start()
    try:
        bank.connect(cloud)
        requests = [bank.request(f"loan-{number}") for number in range(4)]
        keys = [ticket(bank, request) for request in requests]
        for request, key in zip(requests, keys):
            bank.rita.done("request", "comment", request, "-m", f"about {request}")
            person(cloud, cloud.people["carl"]).add_comment(key, f"answer {request}")
        for request in requests:
            eventually(lambda request=request: len(bank.comments(request)) == 2)
        second.kill()  # perhaps the one that has the lease
        for key in keys:
            eventually(lambda key=key: status(cloud, key) == "In Review", seconds=180)
            review(cloud, cloud.people["rita"], key, "Approved")
        for request, key in zip(requests, keys):
            eventually(lambda request=request: bank.shown(request)["status"] == "applied", seconds=180)
            eventually(lambda key=key: status(cloud, key) == "Done")
            assert len(bank.comments(request)) == 2
            said = texts(cloud, key)
            assert len(said) == len(set(said)) and len([text for text in said if "commented in Regesta" in text]) == 1, said
        assert len(cloud.issues) == 4
    finally:
        second.stop()
        assert bank.server.stop() == 0, bank.server.log()[-4000:]
