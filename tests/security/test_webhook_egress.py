"""Which addresses a webhook may reach, and what its owner learns about them."""

import http.server
import socket
import threading
import time

import pytest

from conftest import Caller
from regesta_server import Server, eventually


class Receiver(http.server.BaseHTTPRequestHandler):
    heard = []

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.heard.append(self.path)
        self.send_response(302 if "redirect" in self.path else 200)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"SECRET")

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Receiver.heard.clear()
    yield server.server_port
    server.shutdown()


WEST = {"X-Regesta-Workspace": "west"}


def hook(caller, url):
    return caller.post("/api/v1/webhooks", {"url": url}, headers=WEST)


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "LOCALHOST", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "10.1.2.3",
    "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255"])
def test_a_workspace_admin_cannot_name_an_address_beside_the_server(house, host):
    """wendy administers one workspace. What listens on loopback, or serves a cloud's credentials, is not hers to reach."""
    answer = hook(house.wendy, f"http://{host}:8080/")
    assert answer.status == 400 and "webhooks.allow" in answer.text, answer


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost.", "ip6-localhost",
                                  "127.0.0.1.nip.io"])
def test_no_spelling_and_no_name_leads_there(house, receiver, host):
    """What libcurl or DNS turns into loopback only later is refused when the connection is made."""
    made = hook(house.wendy, f"http://{host}:{receiver}/x")
    if made.status == 400:
        return
    tried = house.wendy.post(f"/api/v1/webhooks/{made.json['id']}/test", {}, headers=WEST)
    assert tried.json["delivered"] is False and Receiver.heard == [], tried


def test_what_stands_somewhere_cannot_be_told_from_the_report(house, receiver):
    """Open, closed, silent, unknown name: the report must be the same, without answer, status or duration."""
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    closed = silent.getsockname()[1]
    reports = []
    for url in (f"http://127.1:{receiver}/x", f"http://127.1:{closed}/x", "http://no-such-name.invalid/x"):
        made = hook(house.wendy, url)
        assert made.status == 201, made
        tried = house.wendy.post(f"/api/v1/webhooks/{made.json['id']}/test", {}, headers=WEST).json
        reports.append({key: tried.get(key) for key in ("delivered", "status", "problem", "millis")})
    assert all(report == reports[0] for report in reports), reports
    silent.close()


def test_a_webhook_of_before_is_held_to_the_rule_as_well(tmp_path, receiver):
    """Made while the server had no users (its owner may reach this machine), it must not go on once others sign in."""
    server = Server(tmp_path / "data").start()
    try:
        owner = Caller(server)
        made = owner.ok("POST", "/api/v1/webhooks", {"url": f"http://127.0.0.1:{receiver}/mine"})
        assert owner.ok("POST", f"/api/v1/webhooks/{made['id']}/test", {})["delivered"] is True
        owner.ok("POST", "/api/v1/users", {"name": "root", "password": "a long password"})
        Receiver.heard.clear()
        root = Caller(server, ("root", "a long password"))
        assert root.ok("POST", f"/api/v1/webhooks/{made['id']}/test", {})["delivered"] is False
        time.sleep(1)
        assert Receiver.heard == []
    finally:
        server.stop()


def test_an_operator_can_allow_a_place(tmp_path, receiver):
    """webhooks.allow names networks, addresses and HOST:PORT; redirects are not followed there either."""
    for allow, works in ((f"localhost:{receiver}", True), ("127.0.0.0/8", True), ("10.0.0.0/8, localhost:1", False)):
        server = Server(tmp_path / f"data{len(allow)}", "--webhooks-allow", allow).start()
        try:
            Caller(server).ok("POST", "/api/v1/users", {"name": "root", "password": "a long password"})
            root = Caller(server, ("root", "a long password"))
            made = root.post("/api/v1/webhooks", {"url": f"http://localhost:{receiver}/hook"})
            assert made.status == (201 if works else 400), made
            if works:
                assert root.ok("POST", f"/api/v1/webhooks/{made.json['id']}/test", {})["delivered"] is True
                turned = root.ok("POST", "/api/v1/webhooks", {"url": f"http://localhost:{receiver}/redirect"})
                tried = root.ok("POST", f"/api/v1/webhooks/{turned['id']}/test", {})
                assert tried["delivered"] is False and "SECRET" not in str(tried)
        finally:
            server.stop()


def test_an_address_that_is_a_secret_is_not_in_the_log(house):
    """Read the log of the server: receivers such as Slack's and Teams' know their callers by the path of the address alone."""
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "m"})
    made = house.root.ok("POST", "/api/2.0/mlflow/webhooks", {"name": "w", "url": "https://hooks.invalid/services/T0KEN?key=s3cr3t",
                                                              "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]})
    house.root.post(f"/api/2.0/mlflow/webhooks/{made['webhook']['webhook_id']}/test", {})
    id = house.root.ok("POST", "/api/v1/webhooks", {"url": "https://hooks.invalid/services/T0KEN?key=s3cr3t"})["id"]
    house.root.post(f"/api/v1/webhooks/{id}/test", {})
    house.carl.ok("POST", "/api/v1/assets/model/m/versions", {"source": "s3://b/x"})
    log = eventually(lambda: "hooks.invalid" in house.server.log() and house.server.log())
    assert "T0KEN" not in log and "s3cr3t" not in log, [line for line in log.splitlines() if "T0KEN" in line]
