"""What bad luck gets: each start-up or running fault ends in a clear message and an intact register."""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys

import pytest

from regesta_server import Server, binary

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def call(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"} | (headers or {}))
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if content.startswith((b"{", b"[")) else content.decode()


def serve(*arguments, **more):
    """A start that must fail; returns exit code and what the user reads."""
    done = subprocess.run([binary(), "serve", *map(str, arguments)], capture_output=True, text=True, timeout=120, **more)
    return done.returncode, done.stdout + done.stderr


def filled(tmp_path):
    """A stopped server's data directory with something in it."""
    server = Server(tmp_path / "data").start()
    assert call(server, "POST", "/api/v1/assets", {"kind": "model", "name": "m"})[0] == 201
    for i in range(3):
        assert call(server, "POST", "/api/v1/assets/model/m/versions", {"source": f"s3://b/{i}"})[0] == 201
    assert call(server, "PUT", "/api/v1/assets/model/m/aliases/champion", {"version": "2"})[0] == 200
    assert server.stop() == 0
    return tmp_path / "data"


def test_a_busy_port_is_named(server, tmp_path):
    code, said = serve("--data", tmp_path / "other", "--listen", f"127.0.0.1:{server.port}")
    assert code == 1
    assert str(server.port) in said and "in use" in said


def test_a_second_server_on_one_directory_is_refused(server):
    code, said = serve("--data", server.data, "--listen", "127.0.0.1:0")
    assert code == 1
    assert "another regesta server" in said and str(server.process.pid) in said


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    code, said = serve("--data", tmp_path / "file" / "data", "--listen", "127.0.0.1:0")
    assert code == 1
    assert "cannot create" in said and "--data" in said


def test_a_read_only_directory(tmp_path):
    data = filled(tmp_path)
    script = f'mount --bind "{data}" "{data}" && mount -o remount,ro,bind "{data}" && exec "{binary()}" serve --data "{data}" --listen 127.0.0.1:0'
    done = subprocess.run([*namespace(), "sh", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "cannot write" in done.stderr + done.stdout


def namespace():
    return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]


def test_other_machines_only_with_users(tmp_path):
    code, said = serve("--data", tmp_path / "data", "--listen", "0.0.0.0:0")
    assert code == 1
    assert "no user exists" in said


def test_a_database_from_a_newer_version_is_left_alone(tmp_path):
    data = filled(tmp_path)
    with contextlib.closing(sqlite3.connect(data / "regesta.db")) as db, db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(schema_migration)")]
        values = {"name": "9999_from_the_future", "digest": "x", "applied_at": 1}
        db.execute(f"INSERT INTO schema_migration ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})", [values.get(c, 9999) for c in columns])
    before = (data / "regesta.db").read_bytes()
    code, said = serve("--data", data, "--listen", "127.0.0.1:0")
    assert code == 1
    assert "newer" in said
    assert (data / "regesta.db").read_bytes() == before


def test_a_corrupt_database_is_reported_and_the_doctor_knows_the_cure(tmp_path):
    data = filled(tmp_path)
    with open(data / "regesta.db", "r+b") as f:
        f.seek(0)
        f.write(b"not a database at all" * 200)
    code, said = serve("--data", data, "--listen", "127.0.0.1:0")
    assert code in (1, 5)  # 5: what is stored is not what was stored
    assert "database" in said
    doctor = subprocess.run([binary(), "doctor", "--data", data], capture_output=True, text=True)
    assert doctor.returncode == 1
    assert "restore" in doctor.stdout + doctor.stderr


def test_a_corrupt_page_never_becomes_an_answer(tmp_path):
    data = filled(tmp_path)
    with contextlib.closing(sqlite3.connect(data / "regesta.db")) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'version'").fetchone()[0]
        page = db.execute("PRAGMA page_size").fetchone()[0]
    with open(data / "regesta.db", "r+b") as f:
        f.seek((root - 1) * page)
        f.write(os.urandom(page))
    server = Server(data)
    try:
        server.start()
    except RuntimeError as said:
        assert "corrupt" in str(said) or "malformed" in str(said)
        return
    status, answer = call(server, "GET", "/api/v1/assets/model/m/versions/2")
    assert status == 500 and answer["error"]["code"] == "corrupt", answer
    server.kill()


def test_a_full_disk_refuses_writes_and_loses_nothing(tmp_path):
    data = tmp_path / "disk"
    data.mkdir()
    script = (f'mount -t tmpfs -o size=3m tmpfs "{data}" && exec "{binary()}" serve --data "{data}/d" --listen 127.0.0.1:0')
    process = subprocess.Popen([*namespace(), "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = process.stdout.readline()
        server = Server(data)
        server.port = int(line.rsplit(":", 1)[1])
        assert call(server, "POST", "/api/v1/assets", {"kind": "model", "name": "m"})[0] == 201
        kept, refused = 0, None
        for i in range(2000):
            status, answer = call(server, "POST", "/api/v1/assets/model/m/versions", {"source": f"s3://b/{i}", "description": "x" * 4000})
            if status != 201:
                refused = status, answer
                break
            kept += 1
        assert refused and refused[0] == 503, refused
        assert "disk" in refused[1]["error"]["message"], refused
        status, answer = call(server, "GET", f"/api/v1/assets/model/m/versions/{kept}")
        assert status == 200, "the last acknowledged version is still served"
        assert call(server, "GET", f"/api/v1/assets/model/m/versions/{kept + 1}")[0] == 404, "nothing of the refused one is there"
        assert call(server, "GET", "/health")[0] == 200
    finally:
        process.terminate()
        process.wait(60)


def test_a_clock_that_jumps_back(tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("+0")
    server = Server(tmp_path / "data", environment={"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                                                    "FAKETIME_DONT_FAKE_MONOTONIC": "1"}).start()
    try:
        assert call(server, "POST", "/api/v1/assets", {"kind": "model", "name": "before"})[0] == 201
        clock.write_text("-2d")
        assert call(server, "POST", "/api/v1/assets", {"kind": "model", "name": "after"})[0] == 201
        server.restart()
        assert call(server, "POST", "/api/v1/assets", {"kind": "model", "name": "restarted"})[0] == 201
        _, answer = call(server, "GET", "/api/v1/ledger/entries?limit=100")
        times = [entry["body"]["time"] for entry in answer["items"]]
        assert times == sorted(times), f"the ledger's time runs backwards: {times}"
    finally:
        server.stop()
    verify = subprocess.run([binary(), "ledger", "verify", "--data", server.data], capture_output=True, text=True)
    assert verify.returncode == 0, verify.stdout + verify.stderr


def test_a_wrong_password_and_a_wrong_token(server):
    assert call(server, "POST", "/api/v1/users", {"name": "anna", "password": "correct horse", "grants": [{"role": "admin"}]})[0] == 201
    basic = lambda text: {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}
    assert call(server, "GET", "/api/v1/users/me")[0] == 401
    assert call(server, "GET", "/api/v1/users/me", headers=basic("anna:wrong horse"))[0] == 401
    assert call(server, "GET", "/api/v1/users/me", headers=basic("nobody:correct horse"))[0] == 401
    assert call(server, "GET", "/api/v1/users/me", headers={"Authorization": "Bearer rgs_made_up"})[0] == 401
    assert call(server, "GET", "/api/v1/users/me", headers={"Authorization": "nonsense"})[0] == 401
    status, answer = call(server, "GET", "/api/v1/users/me", headers=basic("anna:correct horse"))
    assert status == 200 and answer["name"] == "anna"
    status, answer = call(server, "GET", "/api/2.0/mlflow/experiments/get?experiment_id=0")
    assert status == 401 and answer["error_code"] == "UNAUTHENTICATED"


def test_a_truncated_and_an_oversized_body(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
        s.sendall(b"POST /api/v1/assets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"kind\":")
        s.shutdown(socket.SHUT_WR)
        s.recv(1000)
    status, answer = call(server, "POST", "/api/v1/assets", {"kind": "model", "name": "m", "description": "x" * (9 << 20)})
    assert status == 413 and answer["error"]["code"] == "too_large"
    assert call(server, "GET", "/api/v1/assets?kind=model")[1]["items"] == []


def test_invalid_utf8_is_refused(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/api/v1/assets", b'{"kind": "model", "name": "\xff\xfe"}', {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 400 and b"UTF-8" in answer.read()


def test_a_lost_tile_and_a_lost_folder_heal(tmp_path):
    data = filled(tmp_path)
    shutil.rmtree(data / "ledger")
    server = Server(data).start()
    try:
        assert (data / "ledger" / "checkpoint").exists()
        assert list((data / "ledger" / "tile").rglob("*"))
        status, answer = call(server, "GET", "/api/v1/assets/model/m/aliases")
        assert status == 200 and answer["items"][0]["version"] in (2, "2")
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(pytest.main([str(pathlib.Path(__file__))]))
