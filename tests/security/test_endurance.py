"""Attacks that would end the server, or leave it unable to serve, rather than slow it down."""

import socket
import sqlite3
import threading
import time

import pytest

from regesta_server import Server, eventually

GREEDY = {"modules": [{"name": "g.rego", "text": "package g\ntest_a if { some i in numbers.range(1, 100000000); i < 0 }"}]}


def test_policy_workers_that_die_do_not_take_the_server_along(house):
    """Workers are started while connections close: their copies of a socket must not outlive it in the event queue."""
    def flood():
        for _ in range(4):
            house.rex.post("/api/v1/policies/test", GREEDY)

    threads = [threading.Thread(target=flood) for _ in range(12)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert house.anonymous.get("/health").status == 200
        time.sleep(0.05)
    assert house.server.process.poll() is None


def unfinished_body(house, size, sent):
    connection = socket.create_connection(("127.0.0.1", house.server.port))
    head = (f"POST /api/2.0/mlflow/runs/search HTTP/1.1\r\nHost: 127.0.0.1:{house.server.port}\r\n"
            f"Authorization: {house.rex.authorization['Authorization']}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {size}\r\n\r\n")
    connection.sendall(head.encode() + b" " * sent)
    return connection


def test_bodies_that_are_refused_are_not_counted_for_ever(house):
    """More than one caller may hold, cut off in the middle: afterwards everybody can send bodies again."""
    for _ in range(2):
        connections = [unfinished_body(house, 3_900_000, 3_000_000) for _ in range(30)]
        time.sleep(0.5)
        for connection in connections:
            connection.close()
    eventually(lambda: house.carl.post("/api/2.0/mlflow/runs/search", {"experiment_ids": ["0"]}).status == 200)
    assert house.carl.post("/api/v1/prompts/after/versions", {"template": "x" * 60_000}).status == 201


@pytest.mark.parametrize("intrusion, word", [
    ("CREATE TRIGGER spy BEFORE INSERT ON session BEGIN SELECT 1; END", "trigger spy"),
    ("ALTER TABLE webhook RENAME TO w2", None),
])
def test_a_schema_that_was_changed_is_not_served(tmp_path, intrusion, word):
    """A trigger could change what the server writes, and a view in place of a table could hide rows."""
    server = Server(tmp_path / "data").start()
    server.stop()
    with sqlite3.connect(tmp_path / "data" / "regesta.db") as database:
        database.execute(intrusion)
        if word is None:
            database.execute("CREATE VIEW webhook AS SELECT * FROM w2")
    with pytest.raises(RuntimeError) as refused:
        Server(tmp_path / "data").start()
    assert (word or "table webhook is missing; view webhook of webhook was added") in str(refused.value)


def test_verification_ends_at_the_largest_key(server):
    """A row with the largest integer as its key kept `ledger verify` running without end."""
    import subprocess

    from regesta_server import binary
    server.stop()
    data = server.data
    with sqlite3.connect(data + "/regesta.db") as database:
        database.execute("INSERT INTO binding (id, workspace, kind, name_pattern, pointer, policy, policy_selector, created_at, "
                         "created_by) VALUES (9223372036854775807, 'default', '', 'zzz*', 'x', 'p', '', 0, 'user:x')")
    done = subprocess.run([binary(), "ledger", "verify", "--data", data], capture_output=True, text=True, timeout=60)
    assert done.returncode == 5 and "binding" in done.stdout + done.stderr, done
    server.start()
