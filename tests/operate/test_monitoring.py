"""The metrics that servers have, those that the page lists, and those that the dashboard and the alert rules ask for."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest
import yaml
from topology import call, create

from regesta_server import ROOT, eventually

MONITORING = ROOT / "packaging" / "monitoring"
NAME = re.compile(r"\bregesta_[a-z_]+")
SUFFIXES = ("_bucket", "_sum", "_count")
# An entry that somebody adds past the servers.
FOREIGN_ROW = "INSERT INTO ledger_entry (time, body) SELECT time + 1, replace(body, 'user:', 'user:x-') FROM ledger_entry WHERE body LIKE '%version.created%' LIMIT 1"


def install_promtool():
    """Debian's, without its server: the package would start one."""
    if found := shutil.which("promtool"):
        return found
    program = ROOT / "build" / "tools" / "prometheus" / "usr" / "bin" / "promtool"
    if not program.exists():
        folder = ROOT / "build" / "tools" / "prometheus"
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run("apt-get download prometheus && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb", shell=True, check=True,
                       cwd=folder, capture_output=True)
    return program


@pytest.fixture(scope="module")
def promtool():
    program = install_promtool()

    def run(*words, text=None):
        return subprocess.run([program, *words], capture_output=True, text=True, input=text, cwd=ROOT)
    return run


def base(name, known):
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix) and name.removesuffix(suffix) in known), name)


# Of what these servers do not have: a connection, witnesses, a timestamp authority and a mail server. Their own tests see them.
ELSEWHERE = re.compile("regesta_(connection|witness|ledger_cosigned|ledger_timestamp|mail)_")


def here():
    return {name: row for name, row in documented().items() if not ELSEWHERE.match(name)}


def documented():
    rows = re.findall(r"^\| `(regesta_\w+)` \| (\w+) \| (.*?) \|", (ROOT / "docs" / "operate" / "monitor.md").read_text(), re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", labels)))) for name, kind, labels in rows}


def in_sources():
    found = {}
    for path in (ROOT / "src").rglob("*"):
        if path.suffix in (".h", ".cpp"):
            for kind, name in re.findall(r'\b(counter|gauge|histogram)\(\s*"(regesta_\w+)"', path.read_text()):
                found[name] = kind
    return found


def queries():
    board = json.loads((MONITORING / "dashboard.json").read_text())
    texts = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    return texts, [rule["expr"] for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"] for rule in group["rules"]]


def test_the_page_lists_every_metric_of_the_sources():
    assert {name: kind for name, (kind, _) in documented().items()} == in_sources()


def test_dashboard_and_alerts_ask_for_documented_metrics_and_labels():
    known = here()
    for text in sum(queries(), []):
        for name in NAME.findall(text):
            assert base(name, known) in known, (name, text)
        for name, selector in re.findall(r"(regesta_\w+)\{([^}]*)\}", text):
            labels = set(re.findall(r"(\w+)\s*[=!]~?", selector)) - {"job", "instance"}
            assert labels <= known[base(name, known)][1], (name, selector)
    used = {base(name, known) for text in sum(queries(), []) for name in NAME.findall(text)}
    assert used == set(known)  # every metric is on the dashboard or in a rule
    page = (ROOT / "docs" / "operate" / "monitor.md").read_text()
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"][0]["rules"]
    assert [rule["alert"] for rule in rules] == re.findall(r"^\| `(Regesta\w+)` \|", page, re.M)


def test_promtool_accepts_the_files(promtool):
    for words in (("check", "config", "packaging/monitoring/prometheus.yml"), ("check", "rules", "packaging/monitoring/alerts.yml"),
                  ("test", "rules", "tests/operate/alerts_test.yml")):
        done = promtool(*words)
        assert done.returncode == 0 and "FAILED" not in done.stdout + done.stderr, done.stdout + done.stderr


def test_promtool_accepts_the_queries_of_the_dashboard(promtool, tmp_path):
    rules = [{"record": f"query:{n}", "expr": re.sub(r"\$__rate_interval", "5m", text).replace("$job", ".*").replace("$instance", ".*")}
             for n, text in enumerate(queries()[0])]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = promtool("check", "rules", str(tmp_path / "queries.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_panels_do_not_overlap():
    board = json.loads((MONITORING / "dashboard.json").read_text())
    taken, numbers = set(), [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells


def exposition(url):
    text = call(url + "/metrics").decode()
    return text, dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))


def children(process):
    return [int(folder.name) for folder in pathlib.Path("/proc").iterdir() if folder.name.isdigit()
            and (status := read(folder / "status")) and f"\nPPid:\t{process}\n" in status]


def read(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def test_running_servers_have_every_documented_metric(topology, promtool, tmp_path):
    """One server on SQLite and one on PostgreSQL with a bucket, after each has done what a metric counts."""
    from regesta_server import Server
    seen, texts = {}, []
    one = topology.start().one
    create(one, "Hello")
    content = os.urandom(100_000)
    digest = json.loads(call(one.url + "/api/v1/blobs", "PUT", content))["digest"]
    call(f"{topology.two.url}/api/v1/blobs/{digest}")
    (tmp_path / "gate.rego").write_text('package regesta.gate\nimport rego.v1\ndeny contains "no" if input.candidate.version == 99\n')
    topology.cli("policy", "push", "gate", str(tmp_path / "gate.rego"), url=one.url)
    topology.cli("policy", "bind", "gate", "prompt/greeting#production", url=one.url)
    topology.cli("promote", "prompt/greeting@1", url=one.url)
    for child in children(one.process.pid):
        os.kill(child, signal.SIGKILL)
    create(one, "Hello again")
    topology.cli("promote", "prompt/greeting@2", url=one.url)
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", topology.postgres.url, "-c", FOREIGN_ROW], check=True, capture_output=True)
    eventually(lambda: b"regesta_ledger_refused_entries_total 1" in call(one.url + "/metrics") + call(topology.two.url + "/metrics"))
    server = Server(tmp_path / "sqlite", "--tracing-url", "http://127.0.0.1:1/v1/traces").start()
    try:
        for url in (one.url, topology.two.url, server.url):
            text, kinds = exposition(url)
            seen |= kinds
            texts.append(text)
    finally:
        server.stop()
    assert seen == {name: kind for name, (kind, _) in here().items()}
    for name, (_, labels) in here().items():
        found = [set(re.findall(r'(\w+)="', line)) - {"le"} for text in texts for line in text.splitlines() if re.match(rf"{name}(_bucket)?[{{ ]", line)]
        assert found and all(one == labels for one in found), name
    for text in texts:
        done = promtool("check", "metrics", text=text)
        assert "error while linting" not in done.stderr, done.stderr

