"""The installation of packaging/compose as local processes: the same settings, environments and load balancer, at other addresses."""
import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

import yaml

from regesta_server import ROOT, binary, eventually
from stores import Versitygw, free_port

COMPOSE = ROOT / "packaging" / "compose"
SECRETS = {"POSTGRES_PASSWORD": "unused: the socket trusts", "S3_SECRET": "a secret of the tests"}
PASSWORD = "correct-horse-battery"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("REGESTA_", "AWS_"))}
AUTHORIZATION = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()


def call(url, method="GET", body=None, headers=None, timeout=60):
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    request = urllib.request.Request(url, data, {"Authorization": AUTHORIZATION, "Content-Type": "application/json"} | (headers or {}), method=method)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.read()


def resolve(server, name="greeting"):
    return json.loads(call(f"{server.url}/api/v1/prompts/{name}/resolve?alias=production"))["template"]


def set_alias(server, version, name="greeting"):
    call(f"{server.url}/api/v1/assets/prompt/{name}/aliases/production", "PUT", {"version": str(version)})


def create(server, template, name="greeting"):
    call(f"{server.url}/api/v1/prompts/{name}/versions", "POST", {"template": template})


def interpolate(text):
    return re.sub(r"\$\{(\w+)(?::[?-](.*?))?\}", lambda found: SECRETS.get(found[1], found[2] or ""), text)


def environment(service):
    found = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"][service]["environment"]
    return {name: interpolate(str(value)) for name, value in found.items()}


class Postgres:
    def __init__(self, durable):
        self.folder = tempfile.mkdtemp(prefix="regesta-pg-")  # root lends the work to the user postgres, who must get there
        self.url = self.call("start", *([] if durable else ["--fast"]))

    def call(self, verb, *options):
        return subprocess.run([ROOT / "tools" / "postgres", verb, self.folder, *options], capture_output=True, text=True, check=True).stdout.strip()

    def bin(self, name):
        return str(sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))[-1])


class Process:
    """A server of the topology. `data` is its own directory."""

    def __init__(self, name, topology):
        self.name, self.topology, self.port = name, topology, free_port()
        self.data = topology.folder / name
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.topology.folder / f"{self.name}.log"

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([binary(), "serve", "--config", str(self.topology.settings)], stdout=log, stderr=log,
                                            env=self.topology.environment(self.name, self.data, f"127.0.0.1:{self.port}"))
        eventually(lambda: self.process.poll() is not None or self.topology.status(self.url + "/ready") == 200)
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            return self.process.wait(60)
        return None


class Topology:
    """`durable`: PostgreSQL keeps what it has committed when it crashes, and is slower."""

    def __init__(self, folder, durable=False):
        self.folder = pathlib.Path(folder)
        program = binary()  # before anything is started that would stay if there is none
        self.postgres = Postgres(durable)
        service = environment("s3")
        (self.folder / "s3" / "regesta").mkdir(parents=True)
        self.s3 = Versitygw(self.folder / "s3", service["ROOT_ACCESS_KEY"], service["ROOT_SECRET_KEY"]).start()
        self.settings = COMPOSE / "regesta.toml"
        self.key = self.folder / "ledger.key"
        self.password = self.folder / "admin-password"
        self.password.write_text(PASSWORD + "\n")
        self.one, self.two = Process("one", self), Process("two", self)
        self.port = free_port()
        self.haproxy = None
        path = self.folder / "programs"
        path.mkdir()
        (path / "regesta").symlink_to(program)
        self.path = f"{path}:{os.environ['PATH']}"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def environment(self, service, data, listen):
        """What compose.yaml gives the service, with this machine's addresses and folders."""
        found = environment(service) | {
            "REGESTA_DB": self.postgres.url, "REGESTA_BLOBS_ENDPOINT": self.s3.url, "REGESTA_TRUSTED_PROXIES": "127.0.0.1",
            "REGESTA_DATA": str(data), "REGESTA_LISTEN": listen, "REGESTA_LEDGER_KEY": str(self.key)}
        return CLEAN | found | {"PATH": self.path, "AWS_EC2_METADATA_DISABLED": "true"}

    def prepare(self, data=None, **more):
        settings = self.environment("prepare", data or self.folder / "prepare", "")
        settings.pop("REGESTA_LISTEN")
        return subprocess.run([ROOT / "packaging" / "prepare", "--config", self.settings], capture_output=True, text=True, timeout=120,
                              env=settings | {"PREPARE_PASSWORD_FILE": str(self.password), "PREPARE_LISTEN": f"127.0.0.1:{free_port()}"} | more)

    def balance(self, listen=None):
        """Starts HAProxy with its configuration."""
        with open(self.folder / "haproxy.log", "ab") as log:
            self.haproxy = subprocess.Popen(
                [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", COMPOSE / "haproxy.cfg"], stdout=log, stderr=log,
                env=CLEAN | environment("haproxy") | {"LISTEN": listen or f"127.0.0.1:{self.port}", "SERVER_ONE": f"127.0.0.1:{self.one.port}",
                                                      "SERVER_TWO": f"127.0.0.1:{self.two.port}"})
        return self

    def status(self, url):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return 0

    def start(self):
        prepared = self.prepare()
        assert prepared.returncode == 0, prepared.stdout + prepared.stderr
        self.one.start()
        self.two.start()
        self.balance()
        eventually(lambda: self.status(self.url + "/ready") == 200)
        return self

    def cli(self, *words, url=None, **more):
        done = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=120, **more,
                              env=CLEAN | {"REGESTA_URL": url or self.url, "REGESTA_USER": "admin", "REGESTA_PASSWORD": PASSWORD, "NO_COLOR": "1",
                                           "XDG_CONFIG_HOME": str(self.folder / "config")})
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def close(self):
        if self.haproxy:
            self.haproxy.kill()
            self.haproxy.wait(60)
        for server in (self.one, self.two):
            server.stop()
        self.s3.stop()
        self.postgres.call("drop")


@contextlib.contextmanager
def running(folder, durable=False):
    topology = Topology(folder, durable)
    try:
        yield topology
    finally:
        topology.close()

