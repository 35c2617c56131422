"""Requests and expected answers as text, so that thousands are cheap to write and read.

    == a name for the case
    POST /api/2.0/mlflow/experiments/create     method and target
    X-Header: value                             headers, until the body
    {"name": "e1"}                              body: the rest, until the line --
    -- 200                                      expected status, then optionally the expected body
    {"experiment_id": "$id"}

An expected JSON object names the members that must be there; others may stand beside them. "*" accepts anything, "!absent"
wants the member not to be there, "~text" a string that contains the text, "$name" remembers the value at first and wants
the same later; ${name} is put into later requests. Lists must match item by item. A body that is no JSON must be contained.
`-- 200 soon`: asked again until the answer is as expected, for what follows a change after its answer (the ledger's index).
`@repeat N C` in a body stands for N times the character C.
"""

import http.client
import json
import re
import time
from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    line: int
    method: str = ""
    target: str = ""
    headers: dict = field(default_factory=dict)
    body: str = ""
    status: int = 0
    soon: bool = False
    expected: str = ""


def parse(text):
    cases = []
    for block in re.split(r"^== ", text, flags=re.M)[1:]:
        head, _, answer = block.partition("\n-- ")
        lines = head.split("\n")
        case = Case(lines[0].strip(), text[: text.index("== " + lines[0])].count("\n") + 1)
        case.method, case.target = lines[1].split(" ", 1)
        rest = lines[2:]
        while rest and re.match(r"^[A-Za-z-]+: ", rest[0]):
            key, value = rest.pop(0).split(": ", 1)
            case.headers[key] = value
        case.body = "\n".join(rest).strip("\n")
        status, _, case.expected = answer.partition("\n")
        words = status.split()
        case.status, case.soon, case.expected = int(words[0]), words[1:] == ["soon"], case.expected.strip()
        cases.append(case)
    return cases


def differs(expected, got, memory, path="$"):
    """None when `got` is as expected, else where and how it is not."""
    if isinstance(expected, str):
        if expected == "*":
            return None
        if expected.startswith("~"):
            return None if isinstance(got, str) and expected[1:] in got else f"{path}: {got!r} does not contain {expected[1:]!r}"
        if re.fullmatch(r"\$\w+", expected):
            known = memory.setdefault(expected[1:], got)
            return None if known == got else f"{path}: {got!r} is not {known!r} as before"
    if isinstance(expected, dict) and isinstance(got, dict):
        for key, value in expected.items():
            if value == "!absent":
                if key in got:
                    return f"{path}.{key}: should be absent, is {got[key]!r}"
            elif key not in got:
                return f"{path}.{key}: missing"
            elif found := differs(value, got[key], memory, f"{path}.{key}"):
                return found
        return None
    if isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            return f"{path}: {len(got)} items, expected {len(expected)}: {got!r}"
        return next((d for i, (e, g) in enumerate(zip(expected, got)) if (d := differs(e, g, memory, f"{path}[{i}]"))), None)
    return None if expected == got and type(expected) is type(got) else f"{path}: {got!r} instead of {expected!r}"


def fill(text, memory):
    text = re.sub(r"\$\{(\w+)\}", lambda m: str(memory[m.group(1)]), text)
    return re.sub(r"@repeat (\d+) (.)", lambda m: m.group(2) * int(m.group(1)), text)


SOON_SECONDS = 60


def run(case, host, port, memory):
    """None, or what was wrong."""
    late = time.monotonic() + (SOON_SECONDS if case.soon else 0)
    while True:
        learnt = dict(memory)
        fault = ask(case, host, port, learnt)
        if fault is None or time.monotonic() >= late:
            memory.update(learnt)
            return fault
        time.sleep(0.02)


def ask(case, host, port, memory):
    connection = http.client.HTTPConnection(host, port, timeout=60)
    headers = {"Content-Type": "application/json"} | {k: fill(v, memory) for k, v in case.headers.items()}
    body = fill(case.body, memory).encode()
    connection.request(case.method, fill(case.target, memory), body=body or None, headers=headers)
    answer = connection.getresponse()
    content = answer.read().decode("utf-8", "replace")
    connection.close()
    if answer.status != case.status:
        return f"status {answer.status} instead of {case.status}: {content[:600]}"
    if not case.expected:
        return None
    try:
        expected = json.loads(case.expected)
    except ValueError:
        return None if case.expected in content else f"{content[:600]!r} does not contain {case.expected!r}"
    try:
        return differs(expected, json.loads(content), memory)
    except ValueError:
        return f"no JSON: {content[:600]!r}"
