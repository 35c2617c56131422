"""What the delivery tests share: one small client, a prompt with versions, and a PostgreSQL for two servers."""

import contextlib
import http.client
import json
import socket
import subprocess
import urllib.parse

from regesta_server import ROOT, Server, eventually


def call(port, method, path, body=None, headers=None):
    """Status, headers and JSON (or text) of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, json.dumps(body) if body is not None else None,
                       {"Content-Type": "application/json"} | (headers or {}))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, json.loads(content) if content.startswith((b"{", b"[")) else content.decode()


def done(port, method, path, body=None):
    status, _, answer = call(port, method, path, body)
    assert status in (200, 201), (method, path, status, answer)
    return answer


def make_prompt(port, name="summary", versions=2):
    for i in range(versions):
        done(port, "POST", f"/api/v1/prompts/{name}/versions", {"template": f"Summarise, way {i + 1}: {{{{text}}}}"})
    done(port, "PUT", f"/api/v1/assets/prompt/{name}/aliases/production", {"version": 1})
    told(port, name)


def told(port, name="summary"):
    """Waits until the feed has told of the alias: entries get their numbers a moment after they are durable."""
    def last():
        found = done(port, "GET", f"/api/v1/ledger/entries?subject={urllib.parse.quote(f'prompt/{name}#production')}")["items"]
        return found and call(port, "GET", "/api/v1/changes")[2]["next"] >= found[-1]["index"]
    eventually(last)


def resolve(port, key="", name="summary", **more):
    query = urllib.parse.urlencode({"key": key} | more)
    return done(port, "GET", f"/api/v1/prompts/{name}/resolve?{query}")


def served(port, keys, name="summary"):
    return {key: resolve(port, key, name)["version"] for key in keys}


class Watcher:
    """One reader of the change feed over a bare socket."""

    def __init__(self, port, query="", last=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        resume = f"Last-Event-ID: {last}\r\n" if last is not None else ""
        self.socket.sendall(f"GET /api/v1/changes{query} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n{resume}\r\n".encode())
        self.text = b""
        while b"\r\n\r\n" not in self.text or b":\n\n" not in self.text:  # the head and the first comment: it watches now
            self.more()

    def more(self):
        part = self.socket.recv(65536)
        if not part:
            raise EOFError
        self.text += part

    def events(self):
        """What has come so far: (id, action, entry)."""
        found = []
        for block in self.text.decode(errors="replace").replace("\r\n", "\n").split("\n\n")[:-1]:  # the last may be incomplete
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "data" in fields and "id" in fields:
                found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
        return found

    def until(self, action):
        while not any(event[1] == action for event in self.events()):
            self.more()
        return self.events()

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def postgres(folder):
    tool = ROOT / "tools" / "postgres"
    url = subprocess.run([tool, "start", folder, "--fast"], capture_output=True, text=True, check=True).stdout.strip()
    try:
        yield url
    finally:
        subprocess.run([tool, "drop", folder], check=True, capture_output=True)


@contextlib.contextmanager
def two_servers(tmp_path, folder):
    with postgres(folder) as url:
        key = tmp_path / "ledger.key"
        first = Server(tmp_path / "one", "--db", url, "--ledger-key", str(key)).start()
        second = Server(tmp_path / "two", "--db", url, "--ledger-key", str(key)).start()
        try:
            yield first, second
        finally:
            assert first.stop() == 0, first.log()[-3000:]
            assert second.stop() == 0, second.log()[-3000:]
