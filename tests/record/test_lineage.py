"""OpenLineage events from the real client, their edges, what a node affects, and exports that other tools read."""

import io
import json
import uuid

import pytest
from test_records import Api, cli

NOW = "2026-11-30T10:00:00.000Z"


@pytest.fixture
def api(server):
    return Api(server)


def emit(server, inputs, outputs, run=None):
    import openlineage.client as client
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
    from openlineage.client.transport.http import HttpConfig, HttpTransport
    event = RunEvent(eventType=RunState.COMPLETE, eventTime=NOW, run=Run(runId=run or str(uuid.uuid4())),
                     job=Job(namespace="airflow", name="features.daily"), producer="https://example.com/test",
                     inputs=[InputDataset(namespace=n, name=m) for n, m in inputs],
                     outputs=[OutputDataset(namespace=n, name=m) for n, m in outputs])
    client.OpenLineageClient(transport=HttpTransport(HttpConfig(url=server.url))).emit(event)


def story(server, api):
    api.model()
    blob = api.call("PUT", "/blobs", raw=b"rows", status=201)["digest"]
    api.call("POST", "/assets", {"kind": "dataset", "name": "loans"}, 201)
    api.call("POST", "/assets/dataset/loans/versions", {"files": [{"path": "rows.csv", "digest": blob}]}, 201)
    emit(server, [("s3://raw", "loans/2026.parquet")], [("regesta", "dataset/loans@1")])
    emit(server, [("regesta", "dataset/loans@1")], [("regesta", "model/loan-risk@1")])
    api.call("PUT", "/assets/model/loan-risk/aliases/production", {"version": 1})
    api.records({"model": "loan-risk@1", "inputs": 1, "output": 2}, {"model": "loan-risk@1", "inputs": 1, "output": 2})


def test_events_of_the_real_client_become_edges(server, api):
    story(server, api)
    graph = api.call("GET", "/lineage/graph?node=model/loan-risk@1")
    nodes = {node["id"] for node in graph["nodes"]}
    assert {"dataset/loans@1", "openlineage/s3://raw/loans/2026.parquet", "model/loan-risk@1"} <= nodes
    assert len([node for node in nodes if node.startswith("job/airflow/features.daily#")]) == 2
    impact = api.call("GET", "/lineage/impact?node=dataset/loans@1")
    [model] = [item for item in impact["affected"] if item["node"] == "model/loan-risk@1"]
    assert model["pointers"] == ["production"] and model["records"] == 2
    assert "model/loan-risk@1" in cli(server, "lineage", "impact", "dataset/loans@1")
    server.settle()
    added = [item["body"] for item in api.call("GET", "/ledger/entries")["items"] if item["body"]["action"] == "lineage.added"]
    assert len(added) == 2
    server.stop()
    cli(server, "ledger", "verify", "--data", server.data)
    server.start()


def test_exports_are_read_by_other_tools(server, api):
    story(server, api)
    export = lambda form: json.loads(cli(server, "lineage", "export", "model/loan-risk@1", "--format", form))
    events = export("openlineage")
    assert {event["job"]["namespace"] for event in events} == {"regesta"}
    for event in events:
        uuid.UUID(event["run"]["runId"])
    crate = export("ro-crate")
    document = export("prov")
    import prov.model as prov
    read = prov.ProvDocument.deserialize(io.StringIO(json.dumps(document)), format="json")
    assert len(list(read.get_records(prov.ProvActivity))) == 2 and len(list(read.get_records(prov.ProvEntity))) == 3
    assert len(list(read.get_records(prov.ProvUsage))) == 2 and len(list(read.get_records(prov.ProvGeneration))) == 2
    import pathlib
    import tempfile

    import rocrate.rocrate as rocrate
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "ro-crate-metadata.json").write_text(json.dumps(crate))
        opened = rocrate.ROCrate(folder)
        actions = [entity for entity in opened.get_entities() if entity.type == "CreateAction"]
        assert len(actions) == 2 and all(action["object"] for action in actions)


@pytest.mark.parametrize("change, says", [
    ({"eventTime": "yesterday"}, "eventTime"),
    ({"run": {}, "inputs": []}, ""),
    ({"outputs": [{"namespace": "regesta", "name": "loan-risk"}]}, "KIND/NAME@VERSION"),
    ({"outputs": [{"namespace": "regesta", "name": "model/other@1"}]}, "other"),
    ({"inputs": [{"name": "x"}]}, "namespace"),
])
def test_wrong_events_are_refused(api, change, says):
    api.model()
    event = {"eventTime": NOW, "run": {"runId": str(uuid.uuid4())}, "job": {"namespace": "a", "name": "b"}, "producer": "x"} | change
    import urllib.error
    import urllib.request
    request = urllib.request.Request(api.server.url + "/api/v1/lineage", data=json.dumps(event).encode(), method="POST",
                                     headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            assert says == "" and json.loads(answer.read())["edges"] == 0
    except urllib.error.HTTPError as refused:
        text = refused.read().decode()
        assert refused.code in (400, 404) and says and says in text, text


def test_nobody_writes_edges_to_what_they_may_not_write(server, api):
    api.model()
    api.call("POST", "/users", {"name": "root", "password": "a long password", "grants": []}, 201)
    import base64
    basic = {"Authorization": "Basic " + base64.b64encode(b"root:a long password").decode()}
    made = api.call("POST", "/tokens", {"name": "t", "grants": [{"role": "contributor", "name_pattern": "x*"}]}, 201, basic)
    event = {"eventTime": NOW, "run": {"runId": "r"}, "job": {"namespace": "a", "name": "b"},
             "outputs": [{"namespace": "regesta", "name": "model/loan-risk@1"}]}
    Api(server, made["token"]).call("POST", "/lineage", event, 403)
