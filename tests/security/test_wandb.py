"""Attacks through the front of Weights & Biases, beside what the matrix of routes and tests/wandb/test_access.py ask."""

import base64
import json
import pathlib
import socket
import sqlite3

import pytest
from wandb_calls import graphql, link, linked, log_artifact, mutation

# Two different messages with one MD5 (Wang, Feng, Lai and Yu, 2004).
ONE = bytes.fromhex("d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
                    "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70")
OTHER = bytes.fromhex("d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f8955ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
                      "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70")


@pytest.mark.parametrize("path", ["../x", "a/../../b", "/etc/passwd", "a\\..\\b", "a//b"])
def test_paths_that_leave_the_folder_are_refused(house, path):
    for files, refs in (({path: b"x"}, {}), ({"a": b"x"}, {path: "https://example.org/x"})):
        answer = log_artifact(house.carl, "p", "c", files, refs)
        assert isinstance(answer, list) and "path" in str(answer), answer


def test_native_versions_have_no_such_paths_either(house):
    digest = house.carl.ok("PUT", "/api/v1/blobs", raw=b"x")["digest"]
    house.carl.ok("POST", "/api/v1/assets", {"kind": "dataset", "name": "d"})
    answer = house.carl.post("/api/v1/assets/dataset/d/versions", {"files": [{"path": "../x", "digest": digest}]})
    assert answer.status == 400, answer


def test_a_link_shows_only_the_content_that_was_linked(house):
    good = log_artifact(house.carl, "p", "good", {"weights": b"good"})
    evil = log_artifact(house.carl, "p", "evil", {"weights": b"evil"})
    link(house.carl, good, "loan")
    number = lambda artifact: int(base64.b64decode(artifact["id"]).split(b":")[1])
    house.server.stop()
    with sqlite3.connect(pathlib.Path(house.server.data) / "regesta.db") as database:
        database.execute("UPDATE wandb_version SET source = ? WHERE source = ?", (number(evil), number(good)))
    house.server.start()
    assert linked(house.carl, "loan", "digest")["digest"] != evil["digest"]


def test_metadata_of_a_link_is_what_was_linked(house):
    artifact = log_artifact(house.carl, "p", "c", {"weights": b"x"}, metadata='{"auc": 0.5}')
    link(house.carl, artifact, "loan")
    changed = mutation(house.carl, "UpdateArtifactInput!", "updateArtifact", "artifact { metadata }", artifactID=artifact["id"],
                       metadata='{"auc": 1.0}', description="forged")
    assert json.loads(changed["artifact"]["metadata"]) == {"auc": 1.0}
    shown = linked(house.carl, "loan", "metadata description")
    assert json.loads(shown["metadata"]) == {"auc": 0.5} and shown["description"] != "forged"


def test_the_same_md5_is_not_the_same_content(house):
    """Attack: dora logs a file; carl's file with the same MD5 must not become hers."""
    assert ONE != OTHER
    log_artifact(house.dora, "p", "hers", {"weights": ONE})
    answer = log_artifact(house.carl, "p", "his", {"weights": OTHER})
    assert isinstance(answer, list), "refused: the server cannot tell the two apart by MD5"
    assert log_artifact(house.carl, "p", "again", {"weights": ONE})["id"], "the same content can be logged by anyone"


def test_references_are_part_of_the_digest(house):
    for name, uri in (("good", "https://good.example/w"), ("bad", "https://bad.example/w")):
        log_artifact(house.carl, "p", name, {}, {"weights": uri})
    digests = {house.carl.ok("GET", f"/api/v1/assets/artifact/p%2F{name}/versions/1")["digest"] for name in ("good", "bad")}
    assert len(digests) == 2


@pytest.mark.parametrize("entity", ["ghost", "*", "../west"])
def test_workspaces_that_do_not_exist(house, entity):
    answer = mutation(house.carl, "UpsertBucketInput!", "upsertBucket", "inserted", entityName=entity, modelName="p", name="r")
    assert isinstance(answer, list), answer


def test_small_requests_stay_small(house):
    mutation(house.carl, "UpsertBucketInput!", "upsertBucket", "inserted", modelName="p", name="r", config="{}")
    run = 'query ($s: [JSONString!]!) { project(name: "p", entityName: "default") { run(name: "r") { sampledHistory(specs: $s) } } }'
    for specs in (["{}"] * 21, ["1"]):
        answer = graphql(house.carl, run, s=specs)
        assert "errors" in answer.json and "internal" not in answer.text, answer
    fields = "\n".join(f"a{n}: project(name: $n, entityName: \"default\") {{ id }}" for n in range(400))
    answer = graphql(house.rex, f"query ($n: String!) {{ {fields} }}", n="x" * 1_000_000)
    assert answer.status == 400 and "too large" in answer.text, answer.text[:300]


def test_fields_under_many_names_are_bounded(house):
    """Attack: lists in lists, each asked for under thousands of names, in a request of some kilobytes."""
    for number in range(200):
        mutation(house.carl, "UpsertBucketInput!", "upsertBucket", "inserted", modelName="wide", name=f"r{number}", config="{}")
    names = " ".join(f"a{n}: name" for n in range(150))
    runs = " ".join(f"b{n}: runs(first: 1000) {{ edges {{ node {{ {names} }} }} }}" for n in range(20))
    answer = graphql(house.carl, f'query {{ project(name: "wide", entityName: "default") {{ {runs} }} }}')
    assert answer.json["data"] is None and "too much" in answer.json["errors"][0]["message"], answer.text[:300]


def runs(who, filters, project="p"):
    query = f'query ($f: JSONString) {{ project(name: "{project}", entityName: "default") {{ runs(filters: $f) {{ totalCount }} }} }}'
    return graphql(who, query, f=json.dumps(filters))


def test_filters_are_bounded(house):
    """Attack: patterns in a filter of some kilobytes, each compiled for each run."""
    for number in range(3):
        config = json.dumps({"a": {"value": f"x{number}"}, "big": {"value": "x" * 1000}})
        mutation(house.carl, "UpsertBucketInput!", "upsertBucket", "inserted", modelName="p", name=f"r{number}", config=config)
    found = lambda filters: runs(house.rex, filters).json["data"]["project"]["runs"]["totalCount"]
    assert found({"config.a": {"$regex": "x[12]"}, "$or": [{"name": "r1"}, {"config.a": {"$in": ["x2"]}}]}) == 2
    assert found({"$not": {"config.a.value": "x1"}}) == 2
    many = {"$or": [{"config.a": {"$regex": "c{1,900}%d" % n}} for n in range(21)]}
    for filters in (many, {"name": {"$in": ["x"] * 10_001}}, {"name": {"$regex": "("}}):
        answer = runs(house.rex, filters)
        assert "filters" in answer.json["errors"][0]["message"], answer.text[:300]
        assert answer.json["errors"][0]["extensions"]["code"] == "invalid", answer.text[:300]


@pytest.mark.parametrize("filters", [{"$and": 3}, {"$or": {}}, {"$and": [3]}, {"$not": 3}, {"name": {"$in": 3}}, {"name": {"$regex": 3}},
                                     {"name": {"$where": "1"}}])
def test_filters_of_another_form_are_refused(house, filters):
    mutation(house.carl, "UpsertBucketInput!", "upsertBucket", "inserted", modelName="p", name="r", config="{}")
    [error] = runs(house.rex, filters).json["errors"]
    assert error["extensions"]["code"] == "invalid" and "filters" in error["message"], error


@pytest.mark.parametrize("offset", [2**63 - 1, 2**63 - 2, 10**12 + 1, -1])
def test_offsets_that_no_stream_has_are_refused(house, offset):
    mutation(house.carl, "UpsertBucketInput!", "upsertBucket", "inserted", modelName="p", name="r", config="{}")
    for name in ("wandb-history.jsonl", "wandb-events.jsonl", "output.log"):
        lines = ["{}", "{}"]
        answer = house.carl.post("/files/default/p/r/file_stream", {"files": {name: {"offset": offset, "content": lines}}})
        assert answer.status == 400 and "offset" in answer.text, answer


def test_bodies_that_are_collected_share_the_memory(house):
    """Attack: many connections that each send a part of a large body, and wait."""
    mutation(house.carl, "UpsertBucketInput!", "upsertBucket", "inserted", modelName="p", name="r", config="{}")
    head = ("POST /files/default/p/r/file_stream HTTP/1.1\r\nHost: x\r\nContent-Length: 31457280\r\n"
            f"Authorization: {house.carl.authorization['Authorization']}\r\n\r\n").encode()
    held, refused = [], 0
    try:
        for _ in range(12):
            connection = socket.create_connection(("127.0.0.1", house.server.port), timeout=10)
            held.append(connection)
            try:
                connection.sendall(head + b" " * (24 << 20))
                connection.settimeout(0.5)
                refused += connection.recv(12).startswith(b"HTTP/1.1 4")
            except TimeoutError:
                continue  # it waits for the rest
            except ConnectionError:
                refused += 1
        assert refused >= 3, "288 MiB are more than all bodies may take"
    finally:
        for connection in held:
            connection.close()


def test_tags_that_do_not_fit_are_refused(house):
    answer = mutation(house.carl, "UpsertBucketInput!", "upsertBucket", "inserted", modelName="p", name="r", tags=["t" * 60] * 200)
    assert isinstance(answer, list) and "tags" in str(answer), answer


def test_an_idempotency_key_of_another_is_not_an_answer(house):  # nor in the way: test_chosen_ids.py
    house.carl.prompt("explain", "Hi {{name}}")
    line = json.dumps({"prompt": "explain@1", "inputs": {"name": "Eva"}, "output": "Hi"}).encode()
    send = lambda who: who.call("POST", "/api/v1/records", raw=line, headers={"Idempotency-Key": "batch-17"})
    first, again, other = send(house.dora), send(house.dora), send(house.carl)
    assert first.json["digest"] == again.json["digest"] and other.json["batch"] != first.json["batch"], other


def test_a_trusted_job_is_more_than_its_issuer(house):
    for claims in ({"iss": "https://ci.example"}, {"iss": "https://ci.example", "aud": "regesta", "repository": "*"}):
        trust = {"issuer": "https://ci.example", "audience": "regesta", "claims": claims}
        answer = house.root.post("/api/v1/tokens", {"name": "jobs", "grants": [{"role": "reader"}], "trust": trust})
        assert answer.status == 400, answer
