"""Who controls the database, the machine and the ledger's key cannot rewrite what a witness has cosigned."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from outside import Authority, LiteWitness
from packs import Pack, verify

from regesta_server import Server, binary, eventually

ORIGIN = "bank.example/regesta"


def cli(*words, url="http://127.0.0.1:9"):
    return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=120,
                          env=os.environ | {"REGESTA_URL": url, "HOME": "/nonexistent"})


def get(server, path):
    with urllib.request.urlopen(server.url + path, timeout=60) as answer:
        return answer.read()


def ready(server):
    return json.loads(get(server, "/ready"))


def prompt(server, name):
    made = cli("prompt", "create", name, "--template", "Hello {{name}}", url=server.url)
    assert made.returncode == 0, made.stderr


def cosigned(server):
    """The witnesses have cosigned every entry."""
    server.settle()
    state = ready(server)
    return state["witnesses"]["cosigned_size"] == state["ledger_size"] and not state["witnesses"]["conflict"]


class House:
    """A server with a witness."""

    def __init__(self, folder):
        self.folder = folder
        self.policy = folder / "policy"
        self.witness = LiteWitness(folder / "witness").start()
        self.policy.write_text(f"witness w1 {self.witness.key} {self.witness.url}\ngroup all all w1\nquorum all\n")
        self.server = self.over(folder / "data")

    def over(self, data, *options):
        return Server(data, "--ledger-origin", ORIGIN, "--ledger-witness-policy", str(self.policy), "--ledger-witness-seconds", "1",
                      *options)

    def verify(self, data, *more):
        return cli("ledger", "verify", "--data", data, "--witness", self.witness.key, *more)


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.server.start()
    made.witness.knows(ORIGIN, get(made.server, "/ledger/key").decode().strip())
    yield made
    made.server.stop()
    made.witness.end()


def test_a_real_witness_cosigns_and_everything_verifies(house, tmp_path):
    server, key = house.server, house.witness.key
    prompt(server, "greeting")
    eventually(lambda: cosigned(server))
    note = get(server, "/ledger/checkpoint").decode()
    assert note.startswith(ORIGIN + "\n") and "— witness.example/w1 " in note
    state = ready(server)["witnesses"]
    assert (state["required"], state["failing"]) == ("1 of 1 witness", 0) and state["cosigned_at"]
    metrics = get(server, "/metrics").decode()
    assert 'regesta_witness_conflict{witness="witness.example/w1"} 0' in metrics

    done = cli("ledger", "receipt", "0", "--output", tmp_path / "first", url=server.url)
    assert done.returncode == 0, done.stderr
    receipt = ["ledger", "verify", "--receipt", tmp_path / "first.tlog-proof", "--entry", tmp_path / "first.json", "--key",
               tmp_path / "first.vkey", "--witness"]
    good = cli(*receipt, key)
    assert good.returncode == 0 and "cosigned by witness.example/w1" in good.stdout, good.stdout + good.stderr
    other = LiteWitness(tmp_path / "other")
    try:
        assert cli(*receipt, other.key).returncode == 5
        assert cli(*receipt, key, "--witness", other.key).returncode == 5, "both are required"
        assert cli(*receipt, key, "--witness", other.key, "--require", "1").returncode == 0
        assert cli(*receipt, key, "--witness", key, "--require", "2").returncode != 0, "one witness counts once"
    finally:
        other.end()

    packed = cli("pack", "prompt/greeting@1", "--output", tmp_path / "pack.zip", url=server.url)
    assert packed.returncode == 0, packed.stderr
    code, report = verify(tmp_path / "pack.zip", "--witness", key)
    assert code == 0 and report["cosigned"]["witnesses"] == ["witness.example/w1"], report
    pack = Pack((tmp_path / "pack.zip").read_bytes())
    for path, data in list(pack.members.items()):  # without the cosignature
        text = data.decode(errors="replace")
        if path.startswith("ledger/") and "— witness" in text:
            pack.members[path] = (text[:text.rindex("— witness")]).encode()
    code, report = verify(pack.relist().write(tmp_path / "bare.zip"), "--witness", key)
    assert code == 5 and [f["subject"] for f in report["findings"]] == ["ledger/checkpoint"], report

    server.stop()
    found = house.verify(server.data)
    assert found.returncode == 0 and "entries are cosigned by witness.example/w1" in found.stdout, found.stdout
    assert cli("ledger", "verify", "--tiles", server.data + "/ledger", "--key", tmp_path / "first.vkey", "--witness", key).returncode == 0
    doctor = cli("doctor", "--data", server.data, "--ledger-origin", ORIGIN, "--ledger-witness-policy", house.policy)
    assert "cosigned by 1 of 1 witness" in doctor.stdout, doctor.stdout


@pytest.mark.parametrize("same_key", [True, False])
def test_an_administrator_who_rewrites_everything_is_caught(house, tmp_path, same_key):
    server = house.server
    prompt(server, "approved-by-risk")
    eventually(lambda: cosigned(server))
    server.stop()
    kept = tmp_path / "kept"
    kept.write_bytes((tmp_path / "data" / "ledger" / "checkpoint.cosigned").read_bytes())

    forged = tmp_path / "forged"
    if same_key:
        (forged / "keys").mkdir(parents=True)
        shutil.copy(tmp_path / "data" / "keys" / "ledger.key", forged / "keys")
    alone = Server(forged, "--ledger-origin", ORIGIN).start()
    for number in range(5):
        prompt(alone, f"nothing-happened-{number}")
    alone.settle()
    alone.stop()
    assert cli("ledger", "verify", "--data", forged).returncode == 0, "by itself it looks right"
    found = house.verify(forged)
    assert found.returncode == 5 and "no checkpoint of this ledger that is cosigned" in found.stdout, found.stdout
    found = house.verify(forged, "--kept", kept)
    assert found.returncode == 5, found.stdout
    assert ("has the root" if same_key else "the ledger was replaced by one with another key") in found.stdout, found.stdout

    again = house.over(forged).start()
    try:
        eventually(lambda: ready(again)["witnesses"]["conflict"])
        assert "a witness has seen another history of the ledger" in again.log()
        assert 'regesta_witness_conflict{witness="witness.example/w1"} 1' in get(again, "/metrics").decode()
        assert ready(again)["witnesses"]["cosigned_at"] is None
    finally:
        again.stop()


def test_an_old_cosigned_checkpoint_does_not_vouch_for_what_came_later(house, tmp_path):
    prompt(house.server, "first")
    eventually(lambda: cosigned(house.server))
    house.server.stop()
    alone = Server(house.server.data, "--ledger-origin", ORIGIN).start()
    stamp = time.time()
    eventually(lambda: time.time() > stamp + 1)  # cosignatures count whole seconds
    prompt(alone, "second")
    alone.settle()
    alone.stop()
    assert house.verify(alone.data).returncode == 0, "within the tolerance"
    found = house.verify(alone.data, "--uncosigned-minutes", "0")
    assert found.returncode == 5 and "are not vouched for" in found.stdout, found.stdout


def test_a_data_directory_that_was_put_back_does_not_start(house, tmp_path):
    server = house.server
    prompt(server, "first")
    eventually(lambda: cosigned(server))
    server.stop()
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    server.start()
    prompt(server, "second")
    eventually(lambda: cosigned(server))
    server.stop()
    with pytest.raises(RuntimeError) as refusal:
        house.over(tmp_path / "backup").start()
    assert "the witness w1" in str(refusal.value) and "accept-restore" in str(refusal.value)


def test_checkpoints_and_packs_have_timestamps_that_openssl_verifies(tmp_path):
    authority = Authority(tmp_path / "tsa")
    server = Server(tmp_path / "data", "--ledger-timestamp-url", authority.url, "--ledger-timestamp-ca-file", str(authority.ca)).start()
    try:
        prompt(server, "stamped")
        eventually(lambda: "regesta_ledger_timestamp_seconds" in get(server, "/metrics").decode())
        (tmp_path / "note").write_bytes(get(server, "/ledger/timestamp/checkpoint"))
        (tmp_path / "note.tsr").write_bytes(get(server, "/ledger/timestamp"))
        authority.openssl("ts", "-verify", "-data", tmp_path / "note", "-in", tmp_path / "note.tsr", "-CAfile", authority.ca)

        prompt(server, "packed")
        assert cli("pack", "prompt/packed@1", "--output", tmp_path / "pack.zip", url=server.url).returncode == 0
        code, report = verify(tmp_path / "pack.zip", "--timestamp-ca", authority.ca)
        assert code == 0 and report["timestamped_at"], report
        pack = Pack((tmp_path / "pack.zip").read_bytes())
        (tmp_path / "checkpoint").write_bytes(pack.members["ledger/checkpoint"])
        (tmp_path / "checkpoint.tsr").write_bytes(pack.members["ledger/checkpoint.tsr"])
        authority.openssl("ts", "-verify", "-data", tmp_path / "checkpoint", "-in", tmp_path / "checkpoint.tsr", "-CAfile", authority.ca)
        stranger = Authority(tmp_path / "stranger")
        code, report = verify(tmp_path / "pack.zip", "--timestamp-ca", stranger.ca)
        assert code == 5 and [f["subject"] for f in report["findings"]] == ["ledger/checkpoint.tsr"], report
        pack.members["ledger/checkpoint.tsr"] = (tmp_path / "note.tsr").read_bytes()  # of another checkpoint
        code, report = verify(pack.relist().write(tmp_path / "other.zip"))
        assert code == 5 and [f["subject"] for f in report["findings"]] == ["ledger/checkpoint.tsr"], report

        authority.replay = (tmp_path / "note.tsr").read_bytes()  # the answer to an earlier question
        prompt(server, "unstamped")
        assert cli("pack", "prompt/unstamped@1", "--output", tmp_path / "bare.zip", url=server.url).returncode == 0
        assert verify(tmp_path / "bare.zip", "--timestamp-ca", authority.ca)[0] == 5, "it has no timestamp"
        assert "another nonce" in server.log()
        stranger.end()
    finally:
        server.stop()
        authority.end()
    found = cli("ledger", "verify", "--data", server.data, "--timestamp-ca", authority.ca)
    assert found.returncode == 0 and "timestamps verify" in found.stdout, found.stdout
    assert cli("ledger", "verify", "--data", server.data, "--timestamp-ca", tmp_path / "stranger" / "ca.pem").returncode == 5
