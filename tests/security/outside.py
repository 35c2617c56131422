"""Parties outside the server that vouch for its ledger: a real witness (litewitness of Torchwood) and a time-stamping
authority (openssl ts)."""

import base64
import hashlib
import http.server
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import urllib.request

import pytest

from regesta_server import ROOT, eventually

TORCHWOOD = "v0.9.0"


def tools():
    """The folder with litewitness and witnessctl, built by Go on first use."""
    folder = ROOT / "build" / f"torchwood-{TORCHWOOD}"
    if not (folder / "litewitness").exists():
        if not shutil.which("go"):
            pytest.skip("Go is needed to build litewitness")
        commands = [f"filippo.io/torchwood/cmd/{name}@{TORCHWOOD}" for name in ("witnessctl", "litewitness")]
        built = subprocess.run(["go", "install", *commands], env=os.environ | {"GOBIN": str(folder)}, capture_output=True, text=True)
        if built.returncode:
            pytest.skip(f"litewitness could not be built: {built.stderr[-500:]}")
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class LiteWitness:
    """litewitness with a key in an ssh-agent of its own."""

    def __init__(self, folder, name="witness.example/w1"):
        self.folder, self.name, self.tools, self.port = pathlib.Path(folder), name, tools(), free_port()
        self.folder.mkdir()
        self.database, agent = self.folder / "witness.db", self.folder / "agent"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "key"], check=True)
        public = (self.folder / "key.pub").read_text().split()[1]
        raw = b"\x04" + base64.b64decode(public)[-32:]
        identity = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
        self.key = f"{name}+{identity}+{base64.b64encode(raw).decode()}"
        self.agent = subprocess.Popen(["ssh-agent", "-D", "-a", agent], stdout=subprocess.DEVNULL)
        eventually(agent.exists)
        subprocess.run(["ssh-add", "-q", self.folder / "key"], check=True, env=os.environ | {"SSH_AUTH_SOCK": str(agent)})
        fingerprint = subprocess.run(["ssh-keygen", "-lf", self.folder / "key.pub"], check=True, capture_output=True, text=True)
        self.command = [self.tools / "litewitness", "-db", self.database, "-name", name, "-ssh-agent", agent, "-listen",
                        f"127.0.0.1:{self.port}", "-key", fingerprint.stdout.split()[1]]
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def knows(self, origin, key):
        for command in (["add-log", "-db", self.database, "-origin", origin],
                        ["add-key", "-db", self.database, "-origin", origin, "-key", key]):
            subprocess.run([self.tools / "witnessctl", *command], check=True, capture_output=True)

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        eventually(self.answers)
        return self

    def answers(self):
        try:
            return urllib.request.urlopen(self.url, timeout=5).status == 200
        except OSError:
            return False

    def end(self):
        for process in (self.process, self.agent):
            if process:
                process.terminate()
                process.wait(60)


class Authority:
    """A time-stamping authority with a CA of its own."""

    CONFIG = """[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
"""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        (self.folder / "conf").write_text(self.CONFIG.format(folder=self.folder))
        (self.folder / "serial").write_text("01\n")
        (self.folder / "extensions").write_text("extendedKeyUsage = critical,timeStamping\n")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
                     "ca.pem", "-subj", "/CN=Test CA", "-days", "30")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr",
                     "-subj", "/CN=Test TSA")
        self.openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "tsa.pem",
                     "-days", "30", "-extfile", "extensions")
        self.replay = None
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                (authority.folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
                authority.openssl("ts", "-reply", "-config", "conf", "-queryfile", "query", "-out", "reply")
                body = authority.replay or (authority.folder / "reply").read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def openssl(self, *words):
        return subprocess.run(["openssl", *map(str, words)], cwd=self.folder, check=True, capture_output=True, text=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/"

    @property
    def ca(self):
        return self.folder / "ca.pem"

    def end(self):
        self.server.shutdown()
