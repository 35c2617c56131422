"""The access log: who read or downloaded which version, through which front."""

import json
import urllib.request
import zipfile

import pytest
from test_records import Api, cli

from regesta_server import eventually


@pytest.fixture
def api(server):
    return Api(server)


def get(server, path):
    with urllib.request.urlopen(server.url + path) as answer:
        return answer.read()


def reads(api, query="kind=model&name=loan-risk&version=1"):
    return [(item["front"], item["action"], item["name"], item.get("path")) for item in api.call("GET", f"/access-log?{query}")["items"]]


def test_reads_are_kept_through_every_front(server, api, tmp_path):
    api.model()
    get(server, "/api/v1/assets/model/loan-risk/versions/1")
    assert api.call("GET", "/access-log/rule")["percent"] == 0 and reads(api) == []
    cli(server, "access-log", "set", "--percent", "100", "--keep-days", "30")
    api.call("PUT", "/assets/model/loan-risk/aliases/production", {"version": 1})

    def noted():
        get(server, "/api/v1/assets/model/loan-risk/versions/production")
        return reads(api)

    eventually(noted)
    get(server, "/api/v1/assets/model/loan-risk/versions/1/files/weights.bin")
    get(server, "/api/2.0/mlflow/model-versions/get?name=loan-risk&version=1")
    get(server, "/hf/loan-risk/resolve/main/weights.bin")
    expected = {("native", "read", "model/loan-risk@production", None), ("native", "download", "model/loan-risk@1", "weights.bin"),
                ("mlflow", "read", "model/loan-risk@1", None), ("hf", "download", "model/loan-risk@latest", "weights.bin")}
    eventually(lambda: expected <= set(reads(api)))
    assert "local:" in cli(server, "access-log", "list", "model/loan-risk@1")
    api.prompt("greet")
    get(server, "/api/v1/prompts/greet/resolve?alias=latest")
    eventually(lambda: reads(api, "kind=prompt&name=greet&version=1"))
    cli(server, "pack", "model/loan-risk@1", "--output", tmp_path / "p.zip")
    with zipfile.ZipFile(tmp_path / "p.zip") as pack:
        log = json.loads(pack.read("access.json"))
    assert log["percent"] == 100 and len(log["reads"]) >= 4
    cli(server, "pack", "verify", tmp_path / "p.zip")
    server.stop()
    cli(server, "ledger", "verify", "--data", server.data)
    server.start()
    assert api.call("GET", "/access-log/rule")["keep_days"] == 30


def test_a_stopping_server_writes_what_it_has(server, api):
    api.model()
    cli(server, "access-log", "set", "--percent", "100")

    def noted():
        get(server, "/api/v1/assets/model/loan-risk/versions/1")
        return reads(api)

    eventually(noted)
    before = len(reads(api))
    get(server, "/api/v1/assets/model/loan-risk/versions/1")
    server.restart()
    assert len(reads(api)) > before


def test_who_may_see_it(server, api):
    api.model()
    api.call("POST", "/users", {"name": "root", "password": "a long password", "grants": []}, 201)
    import base64
    basic = {"Authorization": "Basic " + base64.b64encode(b"root:a long password").decode()}
    made = {role: Api(server, api.call("POST", "/tokens", {"name": role, "grants": [{"role": role}]}, 201, basic)["token"])
            for role in ("reader", "contributor", "auditor")}
    for role in ("reader", "contributor"):
        made[role].call("GET", "/access-log", status=403)
        made[role].call("GET", "/access-log?kind=model&name=loan-risk&version=1", status=403)
    made["auditor"].call("GET", "/access-log?kind=model&name=loan-risk&version=1")
    made["auditor"].call("PUT", "/access-log/rule", {"percent": 0}, 403)
