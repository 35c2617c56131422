#!/usr/bin/env python3
"""Decisions per second of a policy with many rules, beside a real OPA that evaluates the same text on the same input; and the
time to evaluate many open change requests again after their policy has changed.

    bench/governance_bench.py [--rules 200] [--decisions 2000] [--requests 1000]      (REGESTA_BINARY: the program)
"""

import argparse
import http.client
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

from go_tool import go_tool
from regesta_server import ROOT, Server, eventually

CLIENTS, REVIEWERS = 2, 8


def policy(rules, floor=0.5):
    lines = ["package regesta.gate", ""]
    for n in range(rules):
        lines.append(f'deny contains {{"code": "rule-{n}", "msg": sprintf("metric %v is %v", ["m{n}", input.candidate.metrics.claimed.m{n}])}} if {{\n'
                     f'\tinput.candidate.metrics.claimed.m{n} < {floor}\n\tinput.candidate.tags["team-{n}"] != "exempt"\n}}\n')
    return "\n".join(lines)


def facts(rules):
    return {"candidate": {"metrics": {"claimed": {f"m{n}": 0.9 if n % 50 else 0.1 for n in range(rules)}}, "tags": {f"team-{n}": "risk" for n in range(rules)}}}


def ask(port, path, body, count, took):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    data = json.dumps(body).encode()
    for _ in range(count):
        began = time.perf_counter()
        connection.request("POST", path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200 and b"rule-0" in text, text[:300]
        took.append(time.perf_counter() - began)


def decisions(port, path, body, count):
    """Per second, and the median time of one in milliseconds."""
    took = []
    threads = [threading.Thread(target=ask, args=(port, path, body, count // CLIENTS, took)) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(took) / (time.perf_counter() - began), statistics.median(took) * 1000


def start_opa(folder, text):
    version = re.search(r'^VERSION = "(.*)"$', (ROOT / "tests/opa/run.py").read_text(), re.MULTILINE)[1]
    (folder / "gate.rego").write_text(text)
    process = subprocess.Popen([go_tool("github.com/open-policy-agent/opa", version), "run", "--server", "--addr", "127.0.0.1:0",
                                "--log-level", "error", "--disable-telemetry", folder / "gate.rego"], stderr=subprocess.DEVNULL)

    def port():
        listed = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True).stdout
        found = re.search(rf"127\.0\.0\.1:(\d+).*pid={process.pid},", listed)
        return found and int(found[1])
    return process, eventually(port)


def call(server, method, path, body=None, fine=(200, 201)):
    request = urllib.request.Request(server.url + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read()
    assert status in fine, (method, path, status, text[:500])
    return json.loads(text or b"null")


def push(server, name, text):
    call(server, "POST", f"/api/v1/policies/{name}", {"modules": [{"name": "gate.rego", "text": text}]})


def measure_decisions(server, folder, asked):
    text = policy(asked.rules)
    push(server, "many", text)
    opa, port = start_opa(folder, text)
    here = {"policy": {"name": "many", "selector": "1"}, "input": facts(asked.rules)}
    rounds = {"here": [], "OPA": []}
    for _ in range(3):
        rounds["here"].append(decisions(server.port, "/api/v1/policies/eval", here, asked.decisions))
        rounds["OPA"].append(decisions(port, "/v1/data/regesta/gate", {"input": here["input"]}, asked.decisions))
    opa.terminate()
    opa.wait()
    for name, measured in rounds.items():
        print(f"policy of {asked.rules} rules, {name}: {statistics.median(one[0] for one in measured):,.0f} decisions/s, "
              f"{statistics.median(one[1] for one in measured):.2f} ms each")


def requirement(words):
    return f"""package regesta.gate

require contains {{"code": "risk", "msg": "{words}", "approvals": {{"role": "risk", "count": 1}}}} if input.pointer.alias == "production"
"""


def measure_requests(server, asked):
    push(server, "risk", requirement("risk agrees"))
    call(server, "POST", "/api/v1/policies/bindings", {"policy": "risk", "kind": "model", "name_pattern": "*", "pointer": "production"})
    for n in range(asked.requests):
        call(server, "POST", "/api/v1/assets", {"kind": "model", "name": f"model-{n}"})
        call(server, "POST", f"/api/v1/assets/model/model-{n}/versions", {"source": "s3://bucket/x"})
        call(server, "PUT", f"/api/v1/assets/model/model-{n}/aliases/production", {"version": 1, "reason": "bench"}, fine=(202, 403, 409))
    push(server, "risk", requirement("risk agrees, by the new rule"))

    def again(numbers):
        for number in numbers:
            call(server, "POST", f"/api/v1/change-requests/{number}/retry", {}, fine=(200, 202, 409))

    threads = [threading.Thread(target=again, args=(range(1 + at, asked.requests + 1, REVIEWERS),)) for at in range(REVIEWERS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{asked.requests:,} open change requests evaluated again after their policy has changed: {time.perf_counter() - began:.2f} s")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rules", type=int, default=200)
    options.add_argument("--decisions", type=int, default=2_000)
    options.add_argument("--requests", type=int, default=1_000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = Server(folder / "data").start()
        try:
            measure_decisions(server, folder, asked)
            measure_requests(server, asked)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
