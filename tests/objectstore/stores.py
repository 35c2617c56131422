"""Object stores for tests: versitygw, which checks signatures strictly, and a proxy in front of it that misbehaves."""
import base64
import contextlib
import email.utils
import hashlib
import hmac
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import boto3
from go_tool import go_tool

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VERSITYGW = "v1.7.0"
ACCESS, SECRET = "regesta-tests", "a secret of the tests"
BUCKET = "content"


def install_versitygw():
    return go_tool("github.com/versity/versitygw/cmd/versitygw", VERSITYGW)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port, process, seconds=60):
    for _ in range(seconds * 20):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert process.poll() is None, "the object store did not start"
        time.sleep(0.05)
    raise AssertionError("the object store did not start in time")


def s3_client(url):
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=ACCESS, aws_secret_access_key=SECRET)


class Versitygw:
    """S3 over a folder of files."""

    def __init__(self, folder, access=ACCESS, secret=SECRET):
        self.folder = pathlib.Path(folder)
        (self.folder / BUCKET).mkdir(parents=True, exist_ok=True)
        self.credentials = {"ROOT_ACCESS_KEY": access, "ROOT_SECRET_KEY": secret}
        self.port = free_port()
        self.process = None

    def start(self):
        self.process = subprocess.Popen([install_versitygw(), "--port", f"127.0.0.1:{self.port}", "--quiet", "posix", str(self.folder)],
                                        env=os.environ | self.credentials,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await_port(self.port, self.process)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def packs(self, prefix):
        return sorted((self.folder / BUCKET / prefix / "packs").glob("*/*.pack"))

    def forget(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Moto:
    """S3 in memory, which does not check signatures."""

    def __init__(self):
        self.port = free_port()
        self.process = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await_port(self.port, self.process)
        self.url = f"http://127.0.0.1:{self.port}"
        s3_client(self.url).create_bucket(Bucket=BUCKET)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Azurite:
    """Azure Blob Storage in memory, from the npm package. The account and its key are the emulator's published ones."""

    ACCOUNT = "devstoreaccount1"
    KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

    def __init__(self):
        self.port = free_port()
        program = pathlib.Path(__file__).resolve().parent / "node_modules" / ".bin" / "azurite-blob"
        assert program.exists(), "run tools/setup: it installs Azurite"
        self.process = subprocess.Popen([program, "--silent", "--disableTelemetry", "--inMemoryPersistence", "--skipApiVersionCheck",
                                         "--blobHost", "127.0.0.1", "--blobPort", str(self.port)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env=os.environ | {"PATH": f"{os.environ['PATH']}:{ROOT}/.venv/bin"})
        await_port(self.port, self.process)
        self.url = f"http://127.0.0.1:{self.port}/{self.ACCOUNT}"
        self.create(BUCKET)

    def create(self, container):
        headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
        text = "PUT" + "\n" * 12 + "".join(f"{name}:{value}\n" for name, value in headers.items())
        text += f"/{self.ACCOUNT}/{self.ACCOUNT}/{container}\nrestype:container"
        signature = base64.b64encode(hmac.new(base64.b64decode(self.KEY), text.encode(), hashlib.sha256).digest()).decode()
        request = urllib.request.Request(f"{self.url}/{container}?restype=container", method="PUT",
                                         headers=headers | {"Authorization": f"SharedKey {self.ACCOUNT}:{signature}"})
        urllib.request.urlopen(request, timeout=30).close()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


ERROR = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{}</Code><Message>{}</Message></Error>"


def refusal(status, code, message="as the test wants it", headers=""):
    body = ERROR.format(code, message).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/xml\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


class Proxy:
    """Passes requests on, one per connection, unless `fault(method, path)` says what to do instead: bytes are sent as the answer;
    ("cut", n) ends the connection after n bytes of the answer; "hang up" at once, before the request was passed on; "lose" passes it on
    and loses the answer; a function changes the answer."""

    def __init__(self, port):
        self.target, self.fault = port, lambda method, path: None
        self.requests = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError):
            data = b""
            while b"\r\n\r\n" not in data:
                part = client.recv(65536)
                if not part:
                    return
                data += part
            head, _, body = data.partition(b"\r\n\r\n")
            method, path = head.split(b" ", 2)[:2]
            length = int((re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE) or [0, 0])[1])
            while len(body) < length:
                part = client.recv(1 << 20)
                if not part:
                    return
                body += part
            self.requests.append((method.decode(), path.decode()))
            fault = self.fault(method.decode(), path.decode())
            if fault == "hang up":
                return
            if isinstance(fault, bytes):
                client.sendall(fault)
                return
            answer = self.ask(head + b"\r\nConnection: close\r\n\r\n" + body)
            if fault == "lose":
                return
            if callable(fault):
                answer = fault(answer)
            if isinstance(fault, tuple):
                answer = answer[:answer.index(b"\r\n\r\n") + 4 + fault[1]]
            client.sendall(answer)

    def ask(self, request):
        answer = b""
        with socket.create_connection(("127.0.0.1", self.target), timeout=60) as server:
            server.sendall(request)
            while part := server.recv(1 << 20):
                answer += part
        # The client must not send a second request on a connection that ends.
        return answer if b"\nConnection: close" in answer else answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)

    def close(self):
        self.socket.close()


def some(count, fault, matches=lambda method, path: True):
    """The fault for the first `count` requests that match."""
    left = [count]
    lock = threading.Lock()

    def decide(method, path):
        with lock:
            if left[0] == 0 or not matches(method, path):
                return None
            left[0] -= 1
            return fault
    return decide
