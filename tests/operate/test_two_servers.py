"""Two servers behind HAProxy, from the files of packaging/compose: what one stores the other serves; losing one is not noticed."""
import json
import os
import random
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest
import yaml
from topology import AUTHORIZATION, CLEAN, COMPOSE, PASSWORD, call, create, environment, resolve, set_alias

from pages import blocks, commands
from regesta_server import binary, eventually


def test_what_one_server_stores_the_other_serves(topology):
    one, two = topology.start().one, topology.two
    for version in range(1, 4):
        here, there = (one, two) if version % 2 else (two, one)
        create(here, f"Hello {version}")
        set_alias(here, version)
        # Also what the other one had cached.
        eventually(lambda version=version, there=there: resolve(there) == f"Hello {version}")
    content = random.Random(1).randbytes(300_000)
    digest = json.loads(call(one.url + "/api/v1/blobs", "PUT", content))["digest"]
    assert call(f"{two.url}/api/v1/blobs/{digest}") == content
    # One session, one upload and one ledger, whichever server the balancer chooses.
    token = topology.cli("token", "create", "ci", "--grant", "reader", url=one.url).split()[-1]
    call(two.url + "/api/v1/assets", headers={"Authorization": f"Bearer {token}"})
    request = urllib.request.Request(topology.url + "/api/v1/uploads", b"", {"Authorization": AUTHORIZATION, "Upload-Length": "300000", "Tus-Resumable": "1.0.0"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        address = topology.url + answer.headers["Location"].removeprefix(topology.url)
    for part in range(3):
        call(address, "PATCH", content[part * 100_000:(part + 1) * 100_000],
             {"Upload-Offset": str(part * 100_000), "Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"})
    assert json.loads(call(address))["digest"] == digest
    assert call(one.url + "/ledger/key") == call(two.url + "/ledger/key")
    assert call(f"{one.url}/ledger/checkpoint").split()[0] == call(f"{two.url}/ledger/checkpoint").split()[0]
    eventually(lambda: all(b"/api/v1/uploads" in server.log.read_bytes() for server in (one, two)))
    # A container image, whose blob is also sent in parts: each part to the other server than the one before.
    address = opened(f"{topology.url}/v2/default/team/image/blobs/uploads/", "POST")
    for part in range(3):
        address = opened(address, "PATCH", content[part * 100_000:(part + 1) * 100_000],
                         {"Content-Type": "application/octet-stream", "Content-Range": f"{part * 100_000}-{part * 100_000 + 99_999}"})
    opened(f"{address}{'&' if '?' in address else '?'}digest=sha256:{digest}", "PUT", b"")
    assert call(f"{two.url}/v2/default/team/image/blobs/sha256:{digest}") == content


def opened(url, method, body=b"", headers=None):
    """The Location of the answer, at the balancer's address."""
    request = urllib.request.Request(url, body, {"Authorization": AUTHORIZATION} | (headers or {}), method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return urllib.parse.urljoin(url, answer.headers["Location"])


def test_a_session_of_one_server_is_one_of_the_other(topology):
    one, two = topology.start().one, topology.two
    request = urllib.request.Request(one.url + "/api/v1/session", json.dumps({"user": "admin", "password": PASSWORD}).encode(),
                                     {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        cookie = answer.headers["Set-Cookie"].split(";")[0]

    def me(server):
        with urllib.request.urlopen(urllib.request.Request(server.url + "/api/v1/users/me", headers={"Cookie": cookie}), timeout=60) as answer:
            return json.loads(answer.read())["name"]
    assert me(two) == me(one) == "admin"
    topology.cli("user", "sign-out", "admin", url=one.url)

    def signed_out():
        try:
            return not me(two)
        except urllib.error.HTTPError as refused:
            return refused.code == 401
    eventually(signed_out)


def test_the_balancer_states_the_caller_and_hides_metrics(topology):
    topology.start()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        call(topology.url + "/metrics")
    call(topology.url + "/api/v1/users", headers={"X-Forwarded-For": "203.0.113.9"})

    def seen():
        return [json.loads(line)["remote"] for server in (topology.one, topology.two) for line in server.log.read_text().splitlines()
                if '"path":"/api/v1/users"' in line]
    assert eventually(seen) == ["127.0.0.1"]
    # The settings that a container gets name only what the server knows.
    settings = environment("one") | {"REGESTA_DATA": str(topology.folder / "none")}
    shown = subprocess.run([binary(), "config", "--config", topology.settings], env=CLEAN | settings, capture_output=True, text=True)
    assert shown.returncode == 0 and "s3://regesta/content" in shown.stdout, shown.stderr


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "restart"])
def test_losing_a_server_leaves_the_service_up(topology, how):
    """Readers notice nothing; a writer whose request was under way gets an error, and loses nothing that was acknowledged."""
    one, two = topology.start().one, topology.two
    create(one, "Hello")
    set_alias(one, 1)
    stop, failed, acknowledged, wrong = threading.Event(), [], [], []

    def read():
        while not stop.is_set():
            try:
                assert resolve(topology) == "Hello"
            except Exception as fault:
                wrong.append(repr(fault))

    def write():
        while not stop.is_set():
            try:
                call(f"{topology.url}/api/v1/prompts/load/versions", "POST", {"template": f"Text {len(acknowledged)} {len(failed)}"})
                acknowledged.append(f"Text {len(acknowledged)} {len(failed)}")
            except urllib.error.HTTPError as fault:
                failed.append(fault.code)
            except ConnectionError:  # the balancer gave up without an answer
                failed.append(502)

    threads = [threading.Thread(target=read), threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    try:
        for server in (one, two):
            before = len(acknowledged)
            eventually(lambda before=before: len(acknowledged) >= before + 5)
            server.process.send_signal(how)
            server.process.wait(60)
            before = len(acknowledged)
            eventually(lambda before=before: len(acknowledged) >= before + 5)
            server.start()
            # The balancer sends it requests again before the other one goes.
            marks = server.log.read_bytes().count(b"/api/v1/prompts/load/versions")
            eventually(lambda server=server, marks=marks: server.log.read_bytes().count(b"/api/v1/prompts/load/versions") > marks)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(failed) <= 6 and set(failed) <= {502}, failed
    stored = {item["template"] for number in range(1, len(acknowledged) + len(failed) + 1)
              for item in [found(f"{one.url}/api/v1/prompts/load/versions/{number}")] if item}
    assert set(acknowledged) <= stored
    topology.cli("ledger", "verify", "--db", topology.postgres.url, "--data", str(one.data), "--key", call(one.url + "/ledger/key").decode().strip())


def found(url):
    try:
        return json.loads(call(url))
    except urllib.error.HTTPError as fault:
        assert fault.code == 404
        return None


def test_the_steps_that_share_the_ledger_key(topology, tmp_path):
    """The commands of the page, with this machine's addresses and folders; `ssh` runs its command in the other folder."""
    assert topology.prepare(topology.one.data, REGESTA_LEDGER_KEY="").returncode == 0
    topology.key = ""  # each server has its own file, as the page says
    one, two = topology.one.start(), topology.two
    create(one, "Hello")
    set_alias(one, 1)
    eventually(lambda: call(one.url + "/ledger/checkpoint").split()[1] == (one.data / "keys" / "ledger.head").read_bytes().split()[1])
    two.data.mkdir()
    stub = tmp_path / "stub"
    stub.mkdir()
    (stub / "ssh").write_text(f'#!/bin/sh\nshift\nexec sh -c "$(echo "$*" | sed "s|{two.data}|{one.data}|")"\n')
    (stub / "ssh").chmod(0o755)
    outputs = []
    for kind, block, _ in blocks("docs/operate/scale.md", "Share the ledger key"):
        assert kind == "sh"
        for command in commands(block):
            text = command.replace("/var/lib/regesta", str(two.data)).replace("http://one.example:4600", one.url).replace("http://two.example:4600", two.url)
            if text.startswith("systemctl start"):
                assert sorted(path.name for path in (two.data / "keys").iterdir()) == ["ledger.head", "ledger.key"]
                two.start()
                continue
            done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, env=os.environ | {"PATH": f"{stub}:{os.environ['PATH']}"})
            assert done.returncode == 0, (text, done.stderr)
            outputs.append(done.stdout)
    assert outputs[1] and outputs[1] == outputs[2] and '"status":"ready"' in outputs[3]
    assert (two.data / "keys" / "ledger.key").stat().st_mode & 0o777 == 0o600
    assert resolve(two) == "Hello"


def test_a_server_with_another_key_or_without_the_checkpoint_it_kept_is_refused(topology):
    topology.start()
    stranger = topology.environment("two", topology.folder / "stranger", "127.0.0.1:0") | {"REGESTA_LEDGER_KEY": str(topology.folder / "other.key")}
    refused = subprocess.run([binary(), "serve", "--config", topology.settings], env=stranger, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 5 and "was not signed by this ledger's key" in refused.stderr
    again = topology.prepare()  # as for an upgrade, while the servers run
    assert again.returncode == 0 and "users exist" in again.stdout
    # The page promises how many connections a server keeps.
    threads = [threading.Thread(target=lambda n=n: create(topology, "x", f"many-{n}")) for n in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = subprocess.run(["psql", "-XAtc", "SELECT count(*) FROM pg_stat_activity WHERE datname = 'regesta' AND pid <> pg_backend_pid()",
                              topology.postgres.url], capture_output=True, text=True, check=True)
    assert 2 <= int(counted.stdout) <= 2 * 17


def test_servers_outlive_an_outage_of_postgresql(topology):
    one = topology.start().one
    create(one, "Hello")
    set_alias(one, 1)
    topology.postgres.call("crash")
    eventually(lambda: topology.status(one.url + "/ready") == 503 and topology.status(topology.two.url + "/ready") == 503)
    assert b"PostgreSQL cannot be reached" in one.log.read_bytes()
    assert topology.status(one.url + "/health") == 200  # so that nobody restarts it
    eventually(lambda: topology.status(topology.url + "/ready") == 503)  # the balancer has nobody left
    topology.postgres.call("start", "--fast")
    eventually(lambda: topology.status(topology.url + "/ready") == 200)
    assert resolve(topology) == "Hello"
    create(topology.two, "Hello again")
    set_alias(topology.two, 2)
    eventually(lambda: resolve(one) == "Hello again")  # they listen to each other again


def test_the_balancer_speaks_tls(topology):
    topology.prepare()
    topology.one.start()
    pem = topology.folder / "regesta.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", topology.folder / "key", "-out", topology.folder / "cert"],
                   check=True, capture_output=True)
    pem.write_text((topology.folder / "cert").read_text() + (topology.folder / "key").read_text())
    topology.balance(f"127.0.0.1:{topology.port} ssl crt {pem} alpn h2,http/1.1")

    def answer():
        return subprocess.run(["curl", "-sSi", "--http2", "--cacert", topology.folder / "cert", f"https://localhost:{topology.port}/ready"],
                              capture_output=True, text=True).stdout
    eventually(lambda: "200" in answer().split("\n")[0])


def test_the_compose_file_names_what_exists():
    checked = subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE / "compose.yaml"],
                             capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    compose = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        assert set(service.get("networks", [])) <= {"backend", "default"}
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (COMPOSE / source).exists() if source.startswith(".") else source in compose["volumes"], (name, volume)
        for other in service.get("depends_on", {}):
            assert other in compose["services"]
    example = (COMPOSE / "env.example").read_text()
    assert all(f"{name}=" in example for name in ("POSTGRES_PASSWORD", "S3_SECRET"))
