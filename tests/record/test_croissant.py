"""Croissant metadata of datasets, loaded by the real mlcroissant, which downloads the files and reads their records."""

import json
import os
import subprocess
import sys

import pytest
from test_bom import dataset
from test_records import Api, cli

ROWS = 'id,approve,income,"the city",code,owner\n1,true,10.5,"Köln, Deutz",007,x\n2,false,,"a ""b""",010,y\n3,true,7,Bonn,9,\n'
READ = """
import json, sys
import mlcroissant as mlc
dataset = mlc.Dataset(jsonld=sys.argv[1])
assert not dataset.metadata.ctx.issues.errors, dataset.metadata.ctx.issues.errors
rows = [{k: v.decode() if isinstance(v, bytes) else None if v != v else v for k, v in row.items()} for row in dataset.records("table/rows.csv")]
print(json.dumps([dataset.metadata.name, str(dataset.metadata.version), rows, sorted(dataset.metadata.ctx.issues.warnings)]))
"""


@pytest.fixture
def api(server):
    return Api(server)


def load(path, tmp_path, **environment):
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, timeout=300,
                          env=os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")} | environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def export(server, tmp_path, version="dataset/loans@1", **environment):
    file = tmp_path / "loans.croissant.json"
    cli(server, "card", "export", version, "--format", "croissant", "--output", file, environment=environment)
    return file


def check(loaded):
    name, version, rows, _ = loaded
    assert (name, version) == ("loans", "1.0.0")
    prefix = "table/rows.csv/"
    assert [row[prefix + "id"] for row in rows] == [1, 2, 3] and [row[prefix + "approve"] for row in rows] == [True, False, True]
    assert [row[prefix + "income"] for row in rows] == [10.5, None, 7.0]
    assert [row[prefix + "the~20city"] for row in rows] == ["Köln, Deutz", 'a "b"', "Bonn"]


def test_mlcroissant_reads_the_records_through_the_server(server, api, tmp_path):
    dataset(api, "loans", ROWS)
    api.call("PUT", "/assets/dataset/loans/versions/1/tags/license", {"value": "cc-by-4.0"})
    api.call("PATCH", "/assets/dataset/loans/versions/1", {"description": "Loans of 2026"})
    file = export(server, tmp_path)
    check(load(file, tmp_path))
    document = json.loads(file.read_text())
    assert document["license"] == ["https://spdx.org/licenses/CC-BY-4.0.html"] and document["description"] == "Loans of 2026"
    [data] = document["distribution"]
    assert data["encodingFormat"] == "text/csv" and data["contentUrl"].startswith(server.url)
    types = {field["name"]: field["dataType"] for field in document["recordSet"][0]["field"]}
    assert types == {"id": "sc:Integer", "approve": "sc:Boolean", "income": "sc:Float", "the city": "sc:Text", "code": "sc:Text",
                     "owner": "sc:Text"}


def test_mlcroissant_signs_in_with_a_password(server, api, tmp_path):
    dataset(api, "loans", ROWS)
    api.call("POST", "/users", {"name": "root", "password": "a long password", "grants": []}, 201)
    account = {"REGESTA_USER": "root", "REGESTA_PASSWORD": "a long password"}
    file = export(server, tmp_path, **account)
    check(load(file, tmp_path, CROISSANT_BASIC_AUTH_USERNAME="root", CROISSANT_BASIC_AUTH_PASSWORD="a long password"))


def test_what_is_not_a_table_is_a_file_alone(server, api, tmp_path):
    digest = lambda raw: api.call("PUT", "/blobs", raw=raw, status=201)["digest"]
    api.call("POST", "/assets", {"kind": "dataset", "name": "loans"}, 201)
    files = {"a/uneven.csv": b"x,y\n1\n", "twice.csv": b"x,x\n1,2\n", "binary.csv": b"\xff\x00,\n", "empty.csv": b"\n",
             "big.csv": b"x,y\n" + b"1,2\n" * 400_000, "notes.txt": b"x,y\n"}
    api.call("POST", "/assets/dataset/loans/versions", {"files": [{"path": p, "digest": digest(raw)} for p, raw in files.items()]}, 201)
    document = json.loads(export(server, tmp_path).read_text())
    assert sorted(one["name"] for one in document["distribution"]) == sorted(files)
    [big] = document["recordSet"]
    assert big["name"] == "big.csv" and {field["dataType"] for field in big["field"]} == {"sc:Text"}
    assert {"a/uneven.csv", "big.csv"} <= {one["@id"] for one in document["distribution"]}
    import mlcroissant as mlc
    assert not mlc.Dataset(jsonld=document).metadata.ctx.issues.errors
    api.model()
    assert "must be dataset" in cli(server, "card", "export", "loan-risk@1", "--format", "croissant", code=1)
