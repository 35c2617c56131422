"""Uploads that go on where they were cut: tus 1.0, and the command line that uses it."""

import base64
import hashlib
import os
import socket
import subprocess
import threading

import pytest
import requests

from regesta_server import binary, eventually

MIB = 1024 * 1024
UPLOADS = "/api/v1/uploads"
CONTENT = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}


class CuttingProxy:
    """Forwards connections to a server, and cuts each of the first ones after so many bytes of the client."""

    def __init__(self, port, *cuts):
        self.port, self.cuts, self.sent = port, list(cuts), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self.upstream, args=(client, server), daemon=True).start()
            threading.Thread(target=self.downstream, args=(server, client), daemon=True).start()

    def upstream(self, client, server):
        sent = 0
        try:
            while data := client.recv(256 * 1024):
                server.sendall(data)
                sent += len(data)
                if self.cuts and sent > self.cuts[0]:
                    self.cuts.pop(0)
                    break
        except OSError:
            pass
        self.sent.append(sent)
        for one in (client, server):
            try:
                one.shutdown(socket.SHUT_RDWR)  # close() alone would leave the other thread's recv() waiting
            except OSError:
                pass
            one.close()

    @staticmethod
    def downstream(server, client):
        try:
            while data := server.recv(256 * 1024):
                client.sendall(data)
        except OSError:
            pass

    def close(self):
        self.listener.close()


def begin(server, content, **headers):
    announced = base64.b64encode(hashlib.sha256(content).hexdigest().encode()).decode()
    return requests.post(server.url + UPLOADS, headers={"Upload-Length": str(len(content)), "Upload-Metadata": f"filename eA==, sha256 {announced}", **headers})


def send(server, place, offset, data, **headers):
    return requests.patch(server.url + place, data=data, headers={**CONTENT, "Upload-Offset": str(offset), **headers})


def test_content_arrives_in_pieces(server):
    content = os.urandom(3 * MIB)
    begun = begin(server, content, **{"Tus-Resumable": "1.0.0"})
    place = begun.headers["Location"]
    assert begun.status_code == 201 and begun.headers["Upload-Offset"] == "0" and begun.headers["Tus-Resumable"] == "1.0.0"
    first = send(server, place, 0, content[:MIB])
    assert first.status_code == 204 and first.headers["Upload-Offset"] == str(MIB), first.text
    asked = requests.head(server.url + place, headers={"Tus-Resumable": "1.0.0"})
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"], asked.headers["Cache-Control"]) == (str(MIB), str(3 * MIB), "no-store")
    # The same content again: the upload that is under way.
    again = begin(server, content)
    assert again.headers["Location"] == place and again.headers["Upload-Offset"] == str(MIB)
    assert send(server, place, 0, content[:MIB]).status_code == 409
    assert send(server, place, MIB, content[MIB:] + b"x").status_code == 413
    assert send(server, place, MIB, (piece for piece in (content[MIB:], b"x"))).status_code == 413
    kept = requests.get(server.url + place).json()["offset"]
    assert kept >= MIB and send(server, place, kept, content[kept:]).status_code == 204
    known = requests.get(server.url + place).json()
    assert known == {"offset": 3 * MIB, "size": 3 * MIB, "digest": hashlib.sha256(content).hexdigest()}
    assert requests.get(f"{server.url}/api/v1/blobs/{known['digest']}").content == content
    assert send(server, place, 3 * MIB, b"").status_code == 204
    assert begin(server, content).headers["Location"] != place


def test_what_is_wrong_is_refused(server):
    content = b"some content"
    for length in ("", "-1", "x", str(1 << 50)):
        assert requests.post(server.url + UPLOADS, headers={"Upload-Length": length}).status_code in (400, 413), length
    assert requests.post(server.url + UPLOADS).status_code == 400
    assert requests.post(server.url + UPLOADS, headers={"Upload-Length": "1", "Upload-Metadata": "sha256 eA=="}).status_code == 400
    assert begin(server, content, **{"Tus-Resumable": "0.2.0"}).status_code == 400
    place = begin(server, content).headers["Location"]
    assert send(server, place, 0, content, **{"Content-Type": "text/plain"}).status_code == 400
    assert send(server, place, 0, content, **{"Upload-Offset": "x"}).status_code == 409
    wrong = send(server, place, 0, b"some c0ntent")
    assert wrong.status_code == 400 and hashlib.sha256(b"some c0ntent").hexdigest() in wrong.text
    assert requests.get(server.url + place).status_code == 404
    assert requests.get(f"{server.url}/api/v1/blobs/{hashlib.sha256(b'some c0ntent').hexdigest()}").status_code == 404
    place = begin(server, content).headers["Location"]
    assert requests.delete(server.url + place).status_code == 204
    assert send(server, place, 0, content).status_code == 404


def test_nothing_is_content_too(server):
    begun = begin(server, b"")
    assert begun.status_code == 201 and begun.json()["digest"] == hashlib.sha256(b"").hexdigest()


def test_a_request_that_is_cut_keeps_what_arrived_and_a_restart_changes_nothing(server):
    content = os.urandom(4 * MIB)
    place = begin(server, content).headers["Location"]
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n"
                     f"Content-Length: {len(content)}\r\n\r\n".encode() + content[:2 * MIB])
    offset = lambda: requests.get(server.url + place).json()["offset"]
    eventually(lambda: offset() > 0)
    server.restart()
    kept = offset()
    assert 0 < kept <= 2 * MIB
    assert send(server, place, kept, content[kept:]).status_code == 204
    assert requests.get(server.url + place).json()["digest"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("calls", [1, 2])
def test_the_command_line_goes_on_where_it_was_cut(server, tmp_path, calls):
    """In one call, whose connection breaks twice, and in two, the first of which was killed."""
    content = os.urandom(80 * MIB)
    (tmp_path / "big.bin").write_bytes(content)
    proxy = CuttingProxy(server.port, *([30 * MIB, 20 * MIB] if calls == 1 else []))
    command = [binary(), "version", "create", "model/m", "--file", str(tmp_path / "big.bin")]
    environment = {**os.environ, "REGESTA_URL": proxy.url, "HOME": str(tmp_path)}
    if calls == 2:
        with subprocess.Popen(command, env={**environment, "REGESTA_URL": server.url}) as running:
            place = begin(server, content).headers["Location"]  # which the command finds, or has begun
            eventually(lambda: requests.get(server.url + place).json()["offset"] > 0 or running.poll() is not None, every=0.001)
            running.kill()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    proxy.close()
    assert done.returncode == 0, done.stdout + done.stderr
    assert requests.get(f"{server.url}/api/v1/assets/model/m/versions/1/files/big.bin").content == content
    assert sum(proxy.sent) < 90 * MIB, proxy.sent  # with what was on its way when the connection broke
