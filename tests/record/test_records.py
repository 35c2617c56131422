"""Decision records: sealed in batches, found again, verified, erased, expired and reproduced."""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from openai_server import OpenAIServer

from regesta_server import binary


class Api:
    def __init__(self, server, credentials=None):
        self.server, self.credentials = server, credentials

    def call(self, method, path, body=None, status=200, headers=None, raw=None):
        sent = {"Content-Type": "application/json"} | (headers or {})
        if self.credentials:
            sent["Authorization"] = f"Bearer {self.credentials}"
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server.url + "/api/v1" + path, method=method, headers=sent, data=data)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                code, text = answer.status, answer.read()
        except urllib.error.HTTPError as fault:
            code, text = fault.code, fault.read()
        assert code == status, (method, path, code, text)
        return json.loads(text) if text else {}

    def records(self, *lines, key="", status=201):
        raw = "\n".join(json.dumps(line) for line in lines).encode()
        return self.call("POST", "/records", raw=raw, status=status, headers={"Idempotency-Key": key} if key else {})

    def listed(self, **query):
        return self.call("GET", "/records?" + "&".join(f"{k}={v}" for k, v in query.items()))["items"]

    def model(self, name="loan-risk"):
        self.call("POST", "/assets", {"kind": "model", "name": name}, 201)
        blob = self.call("PUT", "/blobs", raw=name.encode(), status=201)
        return self.call("POST", f"/assets/model/{name}/versions",
                         {"files": [{"path": "weights.bin", "digest": blob["digest"]}]}, 201)

    def prompt(self, name, template="Greet {{name}}.", **more):
        return self.call("POST", f"/prompts/{name}/versions", {"template": template, **more}, 201)


def cli(server, *arguments, data=None, code=0, environment=None):
    known = {k: v for k, v in os.environ.items() if not k.startswith(("REGESTA_", "OPENAI_"))}
    done = subprocess.run([binary(), *map(str, arguments)], input=data, capture_output=True, text=True, timeout=300,
                          env=known | {"REGESTA_URL": server.url, "HOME": server.data + ".home"} | (environment or {}))
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def sql(server, *statements):
    """Changes the database of a stopped server."""
    with sqlite3.connect(server.data + "/regesta.db", isolation_level=None) as database:
        for one in statements:
            assert database.execute(one).rowcount == 1, one
    database.close()


@pytest.fixture
def api(server):
    return Api(server)


def prediction(at="2026-11-30T10:00:00Z", **more):
    return {"model": "loan-risk@1", "at": at, "inputs": {"income": 1200}, "output": 0.25, "caller": "scoring"} | more


def test_a_batch_is_sealed_and_found_again(server, api):
    api.model()
    api.prompt("explain")
    sealed = api.records(prediction(subject="customer-1", seed=7, parameters={"threshold": 0.5}),
                         prediction("2026-11-30T11:00:00Z", subject="customer-2"),
                         {"prompt": "explain@1", "inputs": {"name": "Eva"}, "output": "Hello", "trace_id": "t-1"})
    assert sealed["records"] == 3 and len(sealed["digest"]) == 64
    assert [item["id"] for item in api.listed(model="loan-risk@1")] == [f"{sealed['batch']}.1", f"{sealed['batch']}.0"]
    [found] = api.listed(subject="customer-1")
    assert found["model"] == "loan-risk@1" and found["caller"] == "scoring" and "record" not in found
    [prompted] = api.listed(prompt="explain@1")
    whole = api.call("GET", f"/records/{prompted['id']}")["record"]
    assert whole["inputs"] == {"name": "Eva"} and whole["output"] == "Hello" and len(whole["prompt_digest"]) == 64
    assert [item["id"] for item in api.listed(since="2026-11-30T10:30:00Z", until="2026-11-30T12:00:00Z")] == [f"{sealed['batch']}.1"]
    assert len(api.listed()) == 3 and api.listed(subject="customer-3") == []
    server.settle()
    [entry] = [item["body"] for item in api.call("GET", "/ledger/entries")["items"] if item["body"]["action"] == "records.sealed"]
    assert entry["data"]["digest"] == sealed["digest"] and entry["data"]["versions"]["model/loan-risk@1"] == 2
    assert "3 records are as they were sealed" in cli(server, "record", "verify")


def test_pages_are_complete(api):
    api.model()
    for _ in range(3):
        api.records(*[prediction(f"2026-11-30T10:0{i}:00Z") for i in range(4)])
    for query in ("", "&model=loan-risk@1"):
        seen, token = [], ""
        while True:
            page = api.call("GET", f"/records?page_size=5&page_token={token}{query}")
            seen += [item["id"] for item in page["items"]]
            if not (token := page.get("next_page_token")):
                break
        assert len(seen) == 12 and len(set(seen)) == 12


@pytest.mark.parametrize("line, says", [
    ({"model": "loan-risk@2"}, "names no version"),
    ({"model": "loan-risk@production"}, "names no version"),
    ({"model": "other@1"}, "other"),
    ({"model": None}, "is required unless"),
    ({"inputs": None}, "inputs_commitment"),
    ({"output": None}, "output"),
    ({"at": "2099-01-01T00:00:00Z"}, "future"),
    ({"inptus": 1}, "inputs"),
])
def test_a_wrong_line_refuses_the_batch(api, line, says):
    api.model()
    wrong = {k: v for k, v in (prediction() | line).items() if v is not None}
    raw = (json.dumps(prediction()) + "\n" + json.dumps(wrong)).encode()
    request = urllib.request.Request(api.server.url + "/api/v1/records", data=raw, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    text = refused.value.read().decode()
    assert refused.value.code in (400, 404) and "line 2" in text and says in text, text
    assert api.listed() == []


def test_a_batch_that_is_sent_twice_counts_once(api):
    api.model()
    first = api.records(prediction(), key="b-1")
    assert api.records(prediction(), key="b-1") == first
    assert "idempotency" in str(api.records(prediction(), prediction(), key="b-1", status=409))
    assert len(api.listed()) == 1


def test_who_may_write_and_read(server, api):
    api.model()
    api.records(prediction(subject="customer-1"))
    api.call("POST", "/users", {"name": "root", "password": "a long password", "grants": []}, 201)
    import base64
    basic = {"Authorization": "Basic " + base64.b64encode(b"root:a long password").decode()}

    def token(name, role, pattern="*"):
        made = api.call("POST", "/tokens", {"name": name, "grants": [{"role": role, "name_pattern": pattern}]}, 201, basic)
        return Api(server, made["token"])

    reader, writer, other, auditor = token("r", "reader"), token("w", "contributor"), token("o", "contributor", "x*"), token("a", "auditor")
    reader.records(prediction(), status=403)
    other.records(prediction(), status=403)
    batch = writer.records(prediction())["batch"]
    for caller in (reader, writer):
        shown = caller.call("GET", f"/records/{batch - 1}.0")
        assert shown["readable"] is False and "record" not in shown and "subject" not in shown
        assert caller.listed(subject="customer-1") == []
    assert auditor.call("GET", f"/records/{batch - 1}.0")["subject"] == "customer-1"
    assert len(auditor.listed(subject="customer-1")) == 1
    other.call("GET", f"/records/{batch}.0", status=404)
    assert other.listed() == []
    for caller in (reader, writer, auditor):
        caller.call("POST", "/records/erase", {"subject": "customer-1"}, 403)
        caller.call("POST", "/records/expire", {"before": "2030-01-01T00:00:00Z"}, 403)


def test_an_erased_subject_is_unreadable_and_the_ledger_verifies(server, api):
    api.model()
    api.records(prediction(subject="customer-1", inputs={"iban": "DE02-secret"}), prediction(subject="customer-2"))
    with sqlite3.connect(server.data + "/regesta.db") as database:
        [[key]] = database.execute("SELECT key FROM record_subject ORDER BY id LIMIT 1").fetchall()
    database.close()
    out = cli(server, "record", "erase", "customer-1", "--yes")
    assert "erased 1 records" in out
    shown = api.call("GET", "/records/1.0")
    assert shown["readable"] is False and "erased_at" in shown and "record" not in shown
    assert api.listed(subject="customer-1") == [] and len(api.listed(subject="customer-2")) == 1
    assert "1 records are erased" in cli(server, "record", "verify")
    assert "erased" in cli(server, "reproduce", "1.0", code=1)
    api.call("POST", "/records/erase", {"subject": "customer-1"}, 404)
    # A record that comes later is of a new subject with a key of its own.
    api.records(prediction(subject="customer-1"))
    assert len(api.listed(subject="customer-1")) == 1
    server.stop()
    stored = pathlib.Path(server.data + "/regesta.db").read_bytes()
    assert key.encode() not in stored and b"DE02-secret" not in stored and b"customer-1" not in stored
    cli(server, "ledger", "verify", "--data", server.data)
    # Putting the key back does not bring the record back unnoticed.
    sql(server, f"UPDATE record_subject SET key = '{key}', erased_at = 0 WHERE id = 1")
    assert "record_subject" in cli(server, "ledger", "verify", "--data", server.data, code=5)
    server.start()


def test_legal_holds_keep_records(server, api):
    api.model()
    api.records(prediction(subject="customer-1"))
    api.call("POST", "/holds", {"kind": "model", "name": "loan-risk", "reason": "case 1"}, 201)
    assert "hold" in str(api.call("POST", "/records/erase", {"subject": "customer-1"}, 403))
    expired = api.call("POST", "/records/expire", {"before": "2030-01-01T00:00:00Z"})
    assert expired == {"batches": 0, "records": 0, "held": 1, "finished": True}


def test_expired_batches_leave_their_digest(server, api):
    api.model()
    for _ in range(23):
        api.records(prediction())
    api.records(prediction("2026-12-01T00:00:00Z"))
    first = api.call("POST", "/records/expire", {"before": "2026-11-30T23:00:00Z"})
    assert first == {"batches": 20, "records": 20, "held": 0, "finished": False}
    assert api.call("POST", "/records/expire", {"before": "2026-11-30T23:00:00Z"})["batches"] == 3
    assert len(api.listed()) == 1
    batches = api.call("GET", "/record-batches")["items"]
    assert len(batches) == 24 and len([b for b in batches if "expired_at" in b]) == 23
    cli(server, "record", "verify")
    server.stop()
    cli(server, "ledger", "verify", "--data", server.data)
    server.start()


@pytest.mark.parametrize("change, names", [
    ("UPDATE decision_record SET at = at + 1000 WHERE batch = 1 AND position = 1", "record 1.1"),
    ("UPDATE decision_record SET subject = 1 WHERE batch = 1 AND position = 1", "record 1.1"),
    ("UPDATE decision_record SET number = 2 WHERE batch = 1 AND position = 1", "batch 1"),
    ("UPDATE decision_record SET commitment = replace(commitment, substr(commitment, 1, 1), 'x') WHERE batch = 1 AND position = 2", "record 1.2"),
    ("UPDATE decision_record SET body = x'00' WHERE batch = 1 AND position = 2", "record 1.2"),
    ("UPDATE decision_record SET body = (SELECT body FROM decision_record WHERE batch = 1 AND position = 0) WHERE batch = 1 AND position = 2", "record 1.2"),
    ("DELETE FROM decision_record WHERE batch = 1 AND position = 1", "record 1.2"),
    ("UPDATE record_subject SET key = replace(key, substr(key, 1, 1), 'x') WHERE id = 1", "record 1.0"),
    ("UPDATE record_subject SET tag = 'other' WHERE id = 1", "record 1.0"),
    ("UPDATE record_batch SET digest = 'x' WHERE id = 1", "batch 1"),
])
def test_changes_by_sql_are_found(server, api, change, names):
    api.model()
    api.records(prediction(subject="a"), prediction(subject="b"), prediction())
    server.stop()
    sql(server, change)
    server.start()
    out = cli(server, "record", "verify", code=5)
    assert names in out, out
    free = "body" in change or "key" in change or "tag" in change
    server.stop()
    cli(server, "ledger", "verify", "--data", server.data, code=0 if free else 5)
    server.start()


def test_records_survive_a_killed_server(server, api):
    api.model()
    sealed = [api.records(*[prediction()] * 50) for _ in range(5)]
    server.kill()
    server.start()
    assert [b["digest"] for b in reversed(api.call("GET", "/record-batches")["items"])] == [s["digest"] for s in sealed]
    assert "250 records" in cli(server, "record", "verify")


TRAIN = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import mlflow.sklearn, pandas
from sklearn.linear_model import LogisticRegression
rows = pandas.DataFrame({"income": [10.0, 20, 30, 40, 50, 60], "age": [20.0, 60, 30, 50, 40, 25]})
model = LogisticRegression().fit(rows, [0, 0, 0, 1, 1, 1])
mlflow.sklearn.save_model(model, sys.argv[1], pyfunc_predict_fn="predict_proba")
print(json.dumps([model.predict_proba(rows.iloc[[i]])[0].tolist() for i in range(len(rows))]))
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "model"
    done = subprocess.run([sys.executable, "-c", TRAIN, str(folder)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout.strip().splitlines()[-1])


def test_twenty_outputs_of_a_model_are_reproduced(server, api, trained):
    folder, outputs = trained
    cli(server, "version", "create", "model/loan-risk", "--file", folder)
    rows = [{"income": i, "age": a} for i, a in zip([10.0, 20, 30, 40, 50, 60], [20.0, 60, 30, 50, 40, 25])]
    lines = [{"model": "loan-risk@1", "inputs": rows[i % 6], "output": outputs[i % 6]} for i in range(20)]
    lines.append({"model": "loan-risk@1", "inputs": rows[0], "output": [outputs[0][0], outputs[0][1] + 1e-12]})
    lines.append({"model": "loan-risk@1", "inputs": rows[0], "output": [0.5, 0.5]})
    batch = api.records(*lines)["batch"]
    for position in (0, 7, 19):
        out = cli(server, "reproduce", f"{batch}.{position}", "--python", sys.executable)
        assert "identical" in out, out
    assert "within tolerance" in cli(server, "reproduce", f"{batch}.20", "--python", sys.executable)
    out = cli(server, "reproduce", f"{batch}.21", "--python", sys.executable, code=5)
    assert "different" in out and "$[0]" in out, out


def test_inputs_behind_a_commitment_are_checked(server, api, trained, tmp_path):
    import hashlib
    import hmac
    folder, outputs = trained
    cli(server, "version", "create", "model/loan-risk", "--file", folder)
    inputs = '{"age":20,"income":10}'
    digest = hmac.new(b"k", inputs.encode(), hashlib.sha256).hexdigest()
    batch = api.records({"model": "loan-risk@1", "inputs_commitment": f"hmac-sha256:{digest}", "output": outputs[0]})["batch"]
    (tmp_path / "inputs.json").write_text(inputs)
    (tmp_path / "key").write_text("k\n")
    (tmp_path / "wrong.json").write_text('{"age":21,"income":10}')
    more = ["--python", sys.executable, "--key-file", tmp_path / "key"]
    assert "identical" in cli(server, "reproduce", f"{batch}.0", "--inputs", tmp_path / "inputs.json", *more)
    assert "commitment" in cli(server, "reproduce", f"{batch}.0", "--inputs", tmp_path / "wrong.json", *more, code=1)


def test_an_answer_of_a_prompt_is_reproduced(server, api):
    api.prompt("greet", model_config={"model": "test-model", "temperature": 0})
    with OpenAIServer() as model:
        model.says(lambda body: f"Hello, {body['messages'][-1]['content'].split()[1]} ({body.get('seed')})", when="Greet")
        batch = api.records({"prompt": "greet@1", "inputs": {"name": "Eva"}, "seed": 4, "output": "Hello, Eva. (4)"},
                            {"prompt": "greet@1", "inputs": {"name": "Eva"}, "output": "Goodbye"})["batch"]
        assert "identical" in cli(server, "reproduce", f"{batch}.0", "--model-url", model.url)
        assert "different" in cli(server, "reproduce", f"{batch}.1", "--model-url", model.url, code=5)


def test_the_pack_names_the_batches_of_a_version(server, api, tmp_path):
    api.model()
    sealed = api.records(prediction(), prediction())
    cli(server, "pack", "model/loan-risk@1", "--output", tmp_path / "p.zip")
    import zipfile
    with zipfile.ZipFile(tmp_path / "p.zip") as pack:
        [batch] = json.loads(pack.read("records.json"))
        assert batch["digest"] == sealed["digest"] and batch["of_version"] == 2 and batch["records"] == 2
        assert f"ledger/{batch['entry']}.json" in pack.namelist()
    cli(server, "pack", "verify", tmp_path / "p.zip")
