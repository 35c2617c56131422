"""tests/sdk/conformance.json, which every client library passes, in Python."""

import json
import pathlib
import re

import pytest

import regesta
from regesta._feed import prompts_of
from regesta._settings import settings_of
from sdk import api, connect

CASES = json.loads((pathlib.Path(__file__).parent / "conformance.json").read_text(encoding="utf-8"))["cases"]


@pytest.fixture(scope="module")
def client(shared_server):
    with connect(shared_server, fresh_for=0, refresh_within=0, follow=False) as made:
        yield made


class Case:
    def __init__(self, server, client, folder):
        self.server, self.client, self.folder, self.saved = server, client, folder, {}

    def found(self, value):
        """`$name.member` is what a step saved."""
        if isinstance(value, str) and (named := re.fullmatch(r"\$(\w+)\.(\w+)", value)):
            return self.saved[named[1]][named[2]]
        return value

    def prompt(self, step):
        return self.client.prompt(step["name"], step.get("alias"), step.get("key"), step.get("context"))

    def do(self, step):
        client, given = self.client, {name: step[name] for name in ("version", "unit", "key", "at") if name in step}
        match step["do"]:
            case "http":
                return api(self.server, step["method"], step["path"], step.get("body"))
            case "prompt":
                found = self.prompt(step)
                return {name: getattr(found, name) for name in ("name", "version", "semver", "type", "variant", "why", "stale", "text", "messages", "model_config")}
            case "render":
                found = self.prompt(step)
                return found.render_messages(step["variables"]) if step.get("messages") else found.render(step["variables"])
            case "render_here":
                return self.prompt(step)._here(step["variables"], False)
            case "same":
                served = [client.prompt(step["name"], key=key).version for key in step["keys"]]
                assert served == [client.prompt(step["name"], key=key).version for key in step["keys"]]
                return sorted(set(served))
            case "report":
                used = step["prompt"] if "version" in step else client.prompt(step["prompt"])
                return client.report(used, step["metric"], step["value"], **given)
            case "score":
                used = step["prompt"] if "version" in step else client.prompt(step["prompt"])
                return client.score(used, step["metric"], step["value"], **given)
            case "flush":
                return client.flush(60)
            case "quality":
                return sorted(client.quality(step["prompt"]), key=lambda one: one["metric"])
            case "report_all":
                return client.report_all(step["prompt"], step["reports"])
            case "record":
                used = step["used"] if "/" in step["used"] else client.prompt(step["used"])
                more = {name: step[name] for name in ("inputs", "subject", "caller") if name in step}
                return client.record(used, step["output"], key=step.get("idempotency_key", ""), **more)
            case "record_all":
                return client.record_all(step["records"])
            case "promote":
                move = client.promote(step["reference"], step.get("to", "production"), step.get("reason", ""), step.get("with_expect"))
            case "rollback":
                move = client.rollback(step["asset"])
            case "check":
                check = client.check(step["reference"], step.get("to", "production"))
                return {"passes": check.passes, "outcome": check.outcome, "missing": [one["code"] for one in check.missing], "text": str(check)}
            case "decision":
                return client.decision(self.found(step["digest"]))
            case "prompts_of":
                return sorted(prompts_of(step["subject"]))
            case "settings":
                file = self.folder / "settings.toml"
                file.write_text(step["text"], encoding="utf-8")
                found = settings_of(None, None, None, None, None, file)
                return {"url": found.url, "workspace": found.workspace, "prompts": dict(found.prompts)}
            case other:
                raise AssertionError(f"unknown step {other}")
        return {"subject": move.subject, "outcome": move.outcome, "from": move.from_version, "to": move.to_version, "decision": move.decision}

    def compare(self, expected, got, where):
        if isinstance(expected, dict):
            for name, value in expected.items():
                self.compare(value, got[name], f"{where}.{name}")
        elif isinstance(expected, list):
            assert len(expected) == len(got), (where, got)
            for n, (one, other) in enumerate(zip(expected, got)):
                self.compare(one, other, f"{where}[{n}]")
        else:
            assert got == self.found(expected), where

    def fails(self, fault, step):
        kind = (ValueError, TypeError) if fault["kind"] == "usage" else getattr(regesta, fault["kind"])
        with pytest.raises(kind) as caught:
            self.do(step)
        error = caught.value
        assert fault.get("message", "") in str(error)
        for name in ("status", "code", "outcome"):
            assert fault.get(name, getattr(error, name, None)) == getattr(error, name, None), name
        for name in ("violations", "requirements"):
            if name in fault:
                assert [one["code"] for one in getattr(error, name)] == fault[name]
        if "change_request" in fault:
            assert (error.change_request is not None) == fault["change_request"] == bool(error.change_request_url)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(shared_server, client, tmp_path, monkeypatch, case):
    monkeypatch.delenv("REGESTA_URL", raising=False)
    run = Case(shared_server, client, tmp_path)
    for n, step in enumerate(case["steps"]):
        if "fails" in step:
            run.fails(step["fails"], step)
            continue
        got = run.do(step)
        if "expect" in step:
            run.compare(step["expect"], got, f"step {n} ({step['do']})")
        if "save" in step:
            run.saved[step["save"]] = got
