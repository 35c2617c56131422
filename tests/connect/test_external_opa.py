"""Gates that a real OPA decides, and policies that it loads from here as bundles."""

import http.server
import io
import json
import os
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request

import pytest
from opa_server import Opa

from conftest import PASSWORD, Bank
from regesta_server import eventually

RULES = """package bank.lending
deny contains {"code": "reason", "msg": "a reason is given"} if input.reason == ""
require contains {"code": "risk", "approvals": {"role": "risk", "not_author": true}} if input.reason == "risky"
"""
ALLOW = "package bank.plain\nallow := input.reason == \"good\"\n"


@pytest.fixture
def opa(tmp_path):
    (tmp_path / "lending.rego").write_text(RULES)
    (tmp_path / "plain.rego").write_text(ALLOW)
    made = Opa(tmp_path, "--set=decision_logs.console=true", tmp_path / "lending.rego", tmp_path / "plain.rego")
    yield made
    made.stop()


@pytest.fixture
def bank(tmp_path, opa):
    made = Bank(tmp_path, "--policy-opa-urls", f"{opa.url}, http://127.0.0.1:9", "--policy-opa-seconds", "1")
    yield made
    assert made.server.stop() == 0, made.server.log()[-4000:]


def promote(bank, who, reason, alias="staging", name="loan"):
    number = who.json("version", "create", f"model/{name}", "--source", "s3://bucket/x")["version"]
    return number, who.run("promote", f"{name}@{number}", "--to", alias, "-m", reason)


def decision(bank):
    [newest, *_] = bank.root.json("ledger", "list", "--action", "alias.moved", "--limit", "1")["items"]
    return bank.call("GET", f"/api/v1/decisions/{newest['body']['data']['decision']}")


def test_a_real_opa_decides_and_its_decision_id_is_kept(bank, opa):
    bank.root.done("policy", "bind", "--opa", opa.url, "--opa-path", "bank/lending", "model/*#staging")
    assert f"bank/lending at {opa.url}" in bank.root.done("policy", "bindings")
    _, refused = promote(bank, bank.carl, "")
    assert refused.returncode == 3 and "a reason is given" in refused.stderr
    _, moved = promote(bank, bank.carl, "better")
    assert moved.returncode == 0, moved.stderr
    kept = decision(bank)["evaluations"][0]
    assert kept["opa"]["path"] == "bank/lending" and len(kept["opa"]["input_digest"]) == 64
    assert eventually(lambda: kept["opa"]["decision_id"] in opa.log.read_text()), "OPA's decision log has the same id"
    _, pending = promote(bank, bank.carl, "risky")
    assert pending.returncode == 3 and "role risk" in pending.stderr
    request = bank.newest()
    bank.rita.done("approve", request)
    assert bank.shown(request)["status"] == "applied"
    assert bank.call("POST", "/api/v1/ledger/verify", {})["ok"]


def test_a_document_that_is_true_or_false(bank, opa):
    bank.root.done("policy", "bind", "--opa", opa.url, "--opa-path", "bank/plain/allow", "model/*#staging")
    assert promote(bank, bank.carl, "bad")[1].returncode == 3
    assert promote(bank, bank.carl, "good")[1].returncode == 0


def test_an_undefined_document_denies(bank, opa):
    bank.root.done("policy", "bind", "--opa", opa.url, "--opa-path", "bank/nothing", "model/*#staging")
    _, refused = promote(bank, bank.carl, "x")
    assert refused.returncode == 3 and "has no document bank/nothing" in refused.stderr


def call(bank, method, path, body, user="carl"):
    try:
        bank.call(method, path, body, user=user)
        return 200, {}
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers


def test_an_opa_that_is_away_or_slow_fails_closed(bank, opa):
    bank.root.done("policy", "bind", "--opa", opa.url, "--opa-path", "bank/lending", "model/*#staging")
    number = bank.carl.json("version", "create", "model/loan", "--source", "s3://bucket/x")["version"]
    move = ("PUT", "/api/v1/assets/model/loan/aliases/staging", {"version": number, "reason": "x"})
    os.kill(opa.process.pid, 19)  # stops answering
    status, headers = call(bank, *move)
    assert status == 503 and headers["Retry-After"]
    os.kill(opa.process.pid, 18)
    assert call(bank, *move)[0] == 200
    opa.stop()
    second = bank.carl.json("version", "create", "model/loan", "--source", "s3://bucket/x")["version"]
    assert call(bank, move[0], move[1], {"version": second, "reason": "x"})[0] == 503
    assert bank.root.json("alias", "list", "model/loan")["items"][0]["version"] == number
    # In an emergency an administrator does not depend on it.
    assert call(bank, move[0], move[1], {"version": second, "reason": "OPA is away", "break_glass": True}, "root")[0] == 200
    assert bank.call("POST", "/api/v1/ledger/verify", {})["ok"]


class Answers(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(self.headers.get("Authorization"))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_strange_answers_never_allow_and_the_token_goes_to_named_servers_only(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    (tmp_path / "opa-token").write_text("secret-for-opa\n")
    bank = Bank(tmp_path, "--policy-opa-urls", url, "--policy-opa-token-file", tmp_path / "opa-token")
    for elsewhere in ("http://127.0.0.1:1", url + "/x", url.replace("127.0.0.1", "localhost"), "file:///etc/passwd", ""):
        assert call(bank, "POST", "/api/v1/policies/bindings",
                    {"opa_url": elsewhere, "opa_path": "a", "kind": "model", "name_pattern": "*", "pointer": "staging"}, "root")[0] == 400
    for path in ("../v1/policies", "a//b", "/a", "a?x", ""):
        assert call(bank, "POST", "/api/v1/policies/bindings",
                    {"opa_url": url, "opa_path": path, "kind": "model", "name_pattern": "*", "pointer": "staging"}, "root")[0] == 400
    bank.root.done("policy", "bind", "--opa", url, "--opa-path", "a", "model/*#staging")
    number = bank.carl.json("version", "create", "model/loan", "--source", "s3://bucket/x")["version"]
    move = ("PUT", "/api/v1/assets/model/loan/aliases/staging", {"version": number})
    for answer, status in [((500, b"{}"), 503), ((401, b'{"message":"no"}'), 503), ((200, b"<html>"), 503), ((200, b"[]"), 503),
                           ((200, b"{}"), 403), ((200, b'{"result":{}}'), 403), ((200, b'{"result":"yes"}'), 403),
                           ((200, b'{"result":{"deny":{}}}'), 403), ((200, b'{"result":{"deny":[]}}'), 200)]:
        server.answer = answer
        assert call(bank, *move)[0] == status, answer
    assert set(server.seen) == {"Bearer secret-for-opa"}
    assert bank.server.stop() == 0
    server.shutdown()


def test_opa_loads_policies_from_here_as_bundles(bank, tmp_path):
    (tmp_path / "two.rego").write_text("package regesta.gate\n\ndeny contains {\"code\": \"no\", \"msg\": \"never\"} if helper\n\nhelper := true\n")
    bank.root.done("policy", "push", "two", tmp_path / "two.rego")
    token = bank.root.json("token", "create", "opa", "--grant", "reader")["token"]
    config = {"services": {"regesta": {"url": bank.server.url + "/api/v1/opa", "credentials": {"bearer": {"token": token}}}},
              "bundles": {"two": {"service": "regesta", "resource": "bundles/two.tar.gz?prefix=second",
                                  "polling": {"min_delay_seconds": 1, "max_delay_seconds": 1}},
                          "gate": {"service": "regesta", "resource": "bundles/gate",
                                   "polling": {"min_delay_seconds": 1, "max_delay_seconds": 1}}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "loader").mkdir()
    loader = Opa(tmp_path / "loader", "--config-file", tmp_path / "config.json")
    try:
        found = eventually(lambda: loader.get("/v1/data").get("result", {}).get("second") and loader.get("/v1/data")["result"])
        assert found["second"]["regesta"]["gate"]["deny"] == [{"code": "no", "msg": "never"}]
        eventually(lambda: "gate" in loader.get("/v1/data")["result"].get("regesta", {}))
        (tmp_path / "two.rego").write_text("package regesta.gate\n\ndeny contains {\"code\": \"new\", \"msg\": \"other\"}\n")
        bank.root.done("policy", "push", "two", tmp_path / "two.rego")
        eventually(lambda: loader.get("/v1/data/second/regesta/gate")["result"]["deny"] == [{"code": "new", "msg": "other"}])
    finally:
        loader.stop()


class Loader(Opa):
    """An OPA that takes the policy "gate" from the bank: signed, verified with `key`, below `prefix`; it reports what it decided."""

    def __init__(self, bank, folder, token, key, prefix):
        folder.mkdir()
        config = {"services": {"regesta": {"url": bank.server.url + "/api/v1/opa", "credentials": {"bearer": {"token": token}}}},
                  "keys": {"regesta": {"algorithm": "ES256", "key": key}},
                  "bundles": {"gate": {"service": "regesta", "resource": f"bundles/gate?signed=true&prefix={prefix}", "signing": {"keyid": "regesta"},
                                       "polling": {"min_delay_seconds": 1, "max_delay_seconds": 1}}},
                  "decision_logs": {"service": "regesta", "resource": "logs?subject=/applicant/id",
                                    "reporting": {"min_delay_seconds": 1, "max_delay_seconds": 1}}}
        (folder / "config.json").write_text(json.dumps(config))
        super().__init__(folder, "--config-file", folder / "config.json")

    def decide(self, path, data):
        request = urllib.request.Request(f"{self.url}/v1/data/{path}", json.dumps({"input": data}).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def public_key(bank):
    with urllib.request.urlopen(bank.server.url + "/ledger/attestation-key", timeout=60) as answer:
        return answer.read().decode()


def test_opa_verifies_signed_bundles(bank, tmp_path):
    token = bank.root.json("token", "create", "opa", "--grant", "reader")["token"]
    other = subprocess.run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout", shell=True, check=True, capture_output=True, text=True).stdout
    good, bad = Loader(bank, tmp_path / "good", token, public_key(bank), "a"), Loader(bank, tmp_path / "bad", token, other, "a")
    try:
        assert eventually(lambda: "gate" in good.get("/v1/data").get("result", {}).get("a", {}).get("regesta", {}))
        assert eventually(lambda: "failed to verify JWT signature" in bad.log.read_text()), bad.log.read_text()
        assert "a" not in bad.get("/v1/data").get("result", {}), "nothing is activated that does not verify"
    finally:
        good.stop()
        bad.stop()


def test_decision_logs_of_opa_become_decision_records(bank, tmp_path):
    reporter = bank.root.json("token", "create", "opa", "--grant", "contributor:default:gate")["token"]
    loader = Loader(bank, tmp_path / "loader", reporter, public_key(bank), "lending")
    try:
        eventually(lambda: "lending" in loader.get("/v1/data").get("result", {}))
        made = loader.decide("lending/regesta/gate", {"applicant": {"id": "customer-4711"}, "amount": 7})
        [record] = eventually(lambda: bank.root.json("record", "list", "--subject", "customer-4711")["items"])
        assert record["policy"] == "gate@1" and "model" not in record
        found = bank.root.json("record", "show", record["id"])["record"]
        assert found["inputs"] == {"applicant": {"id": "customer-4711"}, "amount": 7} and found["output"] == made["result"]
        assert found["opa"]["decision_id"] == made["decision_id"] and found["opa"]["path"] == "lending/regesta/gate"
        assert [one["id"] for one in bank.root.json("record", "list", "--policy", "gate@1", "--subject", "customer-4711")["items"]] == [record["id"]]
        bank.root.done("record", "verify")
        refused = bank.root.run("reproduce", record["id"])
        assert refused.returncode != 0 and "opa eval" in refused.stderr
    finally:
        loader.stop()
    bank.root.done("record", "erase", "customer-4711", "--yes")
    assert "record" not in bank.root.json("record", "show", record["id"]), "a person can be erased here, too"


def test_decision_logs_are_checked_before_they_are_kept(bank):
    with tarfile.open(fileobj=io.BytesIO(bank.raw("GET", "/api/v1/opa/bundles/gate")), mode="r:gz") as bundle:
        revision = json.load(bundle.extractfile(".manifest"))["revision"]

    def event(revision=revision, **more):
        return {"decision_id": "d", "path": "regesta/gate/deny", "bundles": {"b": {"revision": revision}}, "input": {"id": 1},
                "result": [], "timestamp": "2026-11-25T02:15:12.000000001Z"} | more

    def send(body, query="", who="root"):
        return bank.call("POST", "/api/v1/opa/logs" + query, body, who)

    first = send([event(), event("gate@1:" + "0" * 64), event("elsewhere"), {"decision_id": "no bundle"}])
    assert (first["records"], first["skipped"]) == (1, 3)
    assert send([event(), event("gate@1:" + "0" * 64), event("elsewhere"), {"decision_id": "no bundle"}])["batch"] == first["batch"], "sent again, stored once"
    assert send([event("elsewhere")]) == {"records": 0, "skipped": 1}
    assert send([event(timestamp="2126-01-01T00:00:00Z")])["records"] == 1, "a clock ahead keeps no log back"
    for body, query, why in [({}, "", "array"), ([1], "", "array"), ([event()], "?subject=id", "pointer"), ([event()], "?other=1", "other"),
                             ([event(input={"id": "x" * 300})], "?subject=/id", "at most")]:
        status, message = bank.refused("POST", "/api/v1/opa/logs" + query, body)
        assert status == 400 and why in message
    assert bank.refused("POST", "/api/v1/opa/logs", [event(f"gate@1:{n}") for n in range(101)])[0] == 413, "each is looked up"
    assert bank.refused("POST", "/api/v1/opa/logs", [event()], "rex")[0] == 403, "readers do not report"
    bank.root.done("user", "grant", "rex", "--grant", "contributor:default:other")
    assert send([event()], who="rex") == {"records": 0, "skipped": 1}, "what is hidden is as what does not exist"


def test_bundles_have_an_etag_and_belong_to_readers(bank):
    url = bank.server.url + "/api/v1/opa/bundles/gate"

    def get(headers, address=url):
        try:
            with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, b""

    import base64
    rex = {"Authorization": "Basic " + base64.b64encode(f"rex:{PASSWORD}".encode()).decode()}
    status, headers, body = get(rex)
    assert status == 200 and headers["ETag"]
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as bundle:
        manifest = json.load(bundle.extractfile(".manifest"))
        assert manifest["roots"] == ["regesta/gate"] and manifest["rego_version"] == 1 and bundle.getnames() == [".manifest", "gate.rego"]
    assert get(rex)[2] == body, "equal bytes, every time"
    assert get(rex | {"If-None-Match": headers["ETag"]})[0] == 304
    assert get({})[0] == 401
    assert get(rex, url + "?prefix=../x")[0] == 400
    status, headers, _ = get(rex, url + "?signed=true")
    assert get(rex | {"If-None-Match": headers["ETag"]}, url + "?signed=true")[0] == 304 and headers["ETag"].startswith('W/"')
    assert get(rex, url + "x")[0] == 404
    bank.root.done("user", "grant", "rex", "--grant", "reader:default:other-*")
    assert get(rex)[0] in (403, 404)
