"""One caller or workspace cannot use up what all share: stored bytes, threads, and the patience with wrong passwords."""

import hashlib
import threading

import pytest

from conftest import PASSWORD, House
from regesta_server import Server


@pytest.fixture
def start(tmp_path):
    running = []

    def begin(**settings):
        server = Server(tmp_path / "data", environment={f"REGESTA_{name}": value for name, value in settings.items()}).start()
        running.append(server)
        return House(server)

    yield begin
    for server in running:
        server.stop()


def experiment(house, caller, name):
    return caller.ok("POST", "/api/2.0/mlflow/experiments/create", {"name": name})["experiment_id"]


def test_a_workspace_does_not_fill_the_disk(start):
    """carl uploads artifacts for ever; every workspace then finds the disk full."""
    house = start(QUOTA_WORKSPACE_BYTES="3000")
    home = experiment(house, house.carl, "loans")
    put = lambda name, size: house.carl.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{home}/x/{name}", raw=name.encode() * size)
    assert put("a", 1000).status == 200 and put("b", 1000).status == 200
    refused = put("c", 2000)
    assert refused.status == 413 and "quota.workspace-bytes" in refused.json["message"], refused
    blob = house.carl.call("PUT", "/api/v1/blobs", raw=b"d" * 2000)
    if blob.status == 405:
        blob = house.carl.call("POST", "/api/v1/blobs", raw=b"d" * 2000)
    assert blob.status == 413 and blob.json["error"]["code"] == "too_large", blob
    assert put("a2", 500).status == 200
    # What is stored already costs nothing more, and what is deleted makes room.
    house.carl.ok("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{home}/x/b")
    assert put("c", 900).status == 200
    # Another workspace has a quota of its own.
    west = {"X-MLFLOW-WORKSPACE": "west"}
    there = house.walt.ok("POST", "/api/2.0/mlflow/experiments/create", {"name": "loans"}, headers=west)["experiment_id"]
    answer = house.walt.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{there}/x/a", raw=b"w" * 2000, headers=west)
    assert answer.status == 200, answer


def test_every_front_asks_the_storage_quota(start):
    """carl pushes with DVC and Git LFS, or uploads blobs that become part of nothing, what his artifacts may not hold."""
    house = start(QUOTA_WORKSPACE_BYTES="3000")

    def dvc(data):
        name = hashlib.md5(data).hexdigest()
        return house.carl.call("POST", f"/dvc/default/files/md5/{name[:2]}/{name[2:]}", raw=data)

    def lfs(data):
        return house.carl.call("PUT", f"/lfs/default/objects/{hashlib.sha256(data).hexdigest()}", raw=data)

    def blob(data):
        return house.carl.call("PUT", "/api/v1/blobs", raw=data)

    assert dvc(b"a" * 800).status == 201 and lfs(b"b" * 800).status == 200 and blob(b"c" * 800).status == 201
    for send in (dvc, lfs, blob):
        refused = send(send.__name__.encode() * 400)
        assert refused.status == 413, refused
        for part in ("holds 2400 bytes", "may hold 3000", "quota.workspace-bytes", "regesta usage"):
            assert part in refused.text, refused
    offered = house.carl.ok("POST", "/lfs/default/objects/batch", {"operation": "upload", "objects": [
        {"oid": hashlib.sha256(bytes([n])).hexdigest(), "size": size} for n, size in enumerate((100, 600, 9 * 10**18, 100))]})
    errors = [item.get("error", {}).get("code") for item in offered["objects"]]
    assert errors == [None, 507, 507, None] and "quota.workspace-bytes" in offered["objects"][1]["error"]["message"], offered


ENDLESS = """package regesta.gate
deny contains {"code": "x", "msg": "x"} if { some i in numbers.range(1, 3000000); some j in numbers.range(1, 3000000); i + j == 0 }
"""


def test_requests_of_one_identity_are_limited(start):
    """rex sends more requests at once than anybody needs, and memory and queues are his."""
    house = start(QUOTA_REQUESTS="2")
    for who in (house.rex, house.carl):  # until a password was verified, requests count for the address that they share
        who.ok("GET", "/api/v1/users/me")
    statuses, waits = [], []

    def loop():
        answer = house.rex.post("/api/v1/policies/eval", {"modules": [{"name": "gate.rego", "text": ENDLESS}]})
        statuses.append(answer.status)
        if answer.status == 429:
            waits.append(answer.headers["Retry-After"])

    threads = [threading.Thread(target=loop) for _ in range(20)]
    for thread in threads:
        thread.start()
    house.carl.prompt("greet", "Hello")
    assert house.carl.call("PUT", "/api/v1/assets/prompt/greet/aliases/production", {"version": 1}).status == 200
    for thread in threads:
        thread.join(120)
    assert statuses.count(429) >= 10 and all(waits), statuses


def test_strangers_do_not_hold_up_whoever_signed_in_before_a_restart(start):
    """A hundred wrong passwords for carl, each from an address of its own, after the server was started anew."""
    house = start(TRUSTED_PROXIES="127.0.0.1")
    sign_in = lambda address, password: house.anonymous.post(
        "/api/v1/session", {"user": "carl", "password": password}, headers={"X-Forwarded-For": address}).status
    assert sign_in("203.0.113.7", PASSWORD) == 200
    house.server.restart()
    statuses = [sign_in(f"198.51.{i // 250}.{i % 250 + 1}", "a wrong guess") for i in range(104)]
    assert statuses[-1] == 429 and sign_in("192.0.2.9", PASSWORD) == 429, statuses[-5:]
    assert sign_in("203.0.113.7", PASSWORD) == 200


def test_one_user_does_not_lock_every_path(house):
    """Lock paths without end with Git LFS: each lock is a row that all clients list."""
    import sqlite3

    lock = lambda who, path: who.post("/lfs/default/locks", {"path": path})
    house.server.stop()
    with sqlite3.connect(house.server.data + "/regesta.db") as database:
        database.executemany("INSERT INTO path_lock (workspace, path, owner, locked_at) VALUES ('default', ?, 'user:carl', 1)",
                             [(f"many/{n}",) for n in range(9_999)])
    database.close()
    house.server.start()
    assert lock(house.carl, "last").status == 201
    refused = lock(house.carl, "one-more")
    assert refused.status == 413 and refused.headers["Content-Type"] == "application/vnd.git-lfs+json", refused
    assert "user:carl has 10000 locks in workspace 'default'; unlock some first" in refused.json["message"], refused
    assert lock(house.dora, "hers").status == 201
    first = house.carl.ok("GET", "/lfs/default/locks?limit=1")["locks"][0]["id"]
    assert house.carl.post(f"/lfs/default/locks/{first}/unlock", {}).status == 200
    assert lock(house.carl, "one-more").status == 201
