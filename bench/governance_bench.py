#!/usr/bin/env python3
"""Decisions per second of a policy with many rules, beside a real OPA that evaluates the same text on the same input; and the
time to evaluate many open change requests again after their policy has changed.

    bench/governance_bench.py [--rules 200] [--decisions 2000] [--requests 1000]      (REGESTA_BINARY: the program)
"""

import argparse
import http.client
import json
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

from clients import call, together
from opa_server import Opa

from regesta_server import Server

CLIENTS, REVIEWERS = 2, 8


def policy(rules):
    lines = ["package regesta.gate", ""]
    for n in range(rules):
        lines.append(f'deny contains {{"code": "rule-{n}", "msg": sprintf("metric %v is %v", ["m{n}", input.candidate.metrics.claimed.m{n}])}} if {{\n'
                     f'\tinput.candidate.metrics.claimed.m{n} < 0.5\n\tinput.candidate.tags["team-{n}"] != "exempt"\n}}\n')
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
    seconds = together(lambda share: ask(port, path, body, share, took), [count // CLIENTS] * CLIENTS)
    return len(took) / seconds, statistics.median(took) * 1000


def push(server, name, text):
    call(server, "POST", f"/api/v1/policies/{name}", {"modules": [{"name": "gate.rego", "text": text}]})


def measure_decisions(server, folder, asked):
    text = policy(asked.rules)
    push(server, "many", text)
    (folder / "gate.rego").write_text(text)
    opa = Opa(folder, "--log-level", "error", folder / "gate.rego")
    here = {"policy": {"name": "many", "selector": "1"}, "input": facts(asked.rules)}
    rounds = {"here": [], "OPA": []}
    for _ in range(3):
        rounds["here"].append(decisions(server.port, "/api/v1/policies/eval", here, asked.decisions))
        rounds["OPA"].append(decisions(int(opa.port()), "/v1/data/regesta/gate", {"input": here["input"]}, asked.decisions))
    opa.stop()
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

    seconds = together(again, [range(1 + at, asked.requests + 1, REVIEWERS) for at in range(REVIEWERS)])
    print(f"{asked.requests:,} open change requests evaluated again after their policy has changed: {seconds:.2f} s")


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
