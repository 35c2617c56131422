"""Bills of materials, read by other people's validators: CycloneDX's strict JSON schema and the SPDX 3 model."""

import io
import json
import subprocess
import zipfile

import pytest
from test_lineage import emit
from test_records import Api, cli

from regesta_server import binary, eventually

CARD = """---
license: apache-2.0
pipeline_tag: tabular-classification
base_model: example/credit-base
---
# loan-risk
## Uses
Scores loan applications.
## Bias, Risks, and Limitations
<!-- write here -->
Too few applicants above 70.
## Ethical considerations
Refusals are explained.
"""
ROWS = "id,approve,race\n" + "".join(f"{i},{i % 2},{'black' if i % 3 else 'white'}\n" for i in range(30))
PREDICTIONS = "id,prediction\n" + "".join(f"{i},{int(i % 2 or i % 5 == 0)}\n" for i in range(30))


@pytest.fixture
def api(server):
    return Api(server)


def dataset(api, name, text):
    blob = api.call("PUT", "/blobs", raw=text.encode(), status=201)["digest"]
    api.call("POST", "/assets", {"kind": "dataset", "name": name}, 201)
    return api.call("POST", f"/assets/dataset/{name}/versions", {"files": [{"path": "rows.csv", "digest": blob}]}, 201)


def full_model(server, api, tmp_path):
    """A model made from a dataset and a model of this server, evaluated, with a card."""
    api.model("base")
    api.model()
    dataset(api, "loans", ROWS)
    dataset(api, "test-loans", ROWS)
    emit(server, [("s3://raw", "loans/2026.parquet")], [("regesta", "dataset/loans@1")])
    emit(server, [("regesta", "dataset/loans@1"), ("regesta", "model/base@1")], [("regesta", "model/loan-risk@1")])
    predictions = api.call("PUT", "/blobs", raw=PREDICTIONS.encode(), status=201)["digest"]
    cli(server, "evidence", "evaluate", "loan-risk@1", "--dataset", "test-loans@1", "--predictions", f"sha256:{predictions}", "--label", "approve",
        "--group", "race", "--join", "id")
    (tmp_path / "card.md").write_text(CARD)
    cli(server, "evidence", "add", "loan-risk@1", "--type", "card", "--file", tmp_path / "card.md")


def bom(server, version, form):
    return json.loads(cli(server, "bom", version, "--format", form))


def check_cyclonedx(document):
    """CycloneDX's own JSON schema, strict."""
    import cyclonedx.schema as schema
    import cyclonedx.validation.json as validators
    error = validators.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(json.dumps(document))
    assert error is None, error
    from cyclonedx.model.bom import Bom
    return Bom.from_json(json.loads(json.dumps(document)))


def check_spdx(document):
    """The model that SPDX generates from its SHACL shapes: types, values, cardinalities, references."""
    import spdx_python_model as spdx
    model, objects = spdx.load_data(document)
    model.JSONLDSerializer().write(objects, io.BytesIO())  # refuses what lacks a mandatory member
    assert not objects.missing_ids, objects.missing_ids
    [root] = list(objects.foreach_type(model.SpdxDocument))
    assert len(root.element) == len(list(objects.foreach_type(model.Element))) - 1
    return model, objects


def test_a_model_with_everything_is_valid_cyclonedx(server, api, tmp_path):
    full_model(server, api, tmp_path)
    document = bom(server, "loan-risk@1", "cyclonedx")
    read = check_cyclonedx(document)
    subject = document["metadata"]["component"]
    version = api.call("GET", "/assets/model/loan-risk/versions/1")
    assert subject["type"] == "machine-learning-model" and subject["hashes"][0]["content"] == version["digest"]
    assert document["metadata"]["timestamp"] == version["created_at"] and str(read.serial_number) in document["serialNumber"]
    assert subject["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    assert {(one["name"], one.get("version")) for one in subject["pedigree"]["ancestors"]} == {("base", "1"), ("example/credit-base", None)}
    card = subject["modelCard"]
    assert card["modelParameters"]["task"] == "tabular-classification"
    assert card["considerations"]["technicalLimitations"] == ["Too few applicants above 70."]
    assert card["considerations"]["fairnessAssessments"][0]["groupAtRisk"].startswith("race=")
    metrics = {(one["type"], one.get("slice")): one["value"] for one in card["quantitativeAnalysis"]["performanceMetrics"]}
    shown = api.call("GET", "/evidence?kind=model&name=loan-risk&version=1")["items"]
    [evaluation] = [one for one in shown if one["type"] == "evaluation"]
    assert float(metrics["accuracy", None]) == evaluation["summary"]["metrics"]["accuracy"]
    assert ("selection_rate", "race=black") in metrics and ("demographic_parity_ratio", "race") in metrics
    components = {one["bom-ref"].split("/", 1)[1]: one for one in document["components"]}
    assert components["model/loan-risk@1/weights.bin"]["type"] == "file"
    loans = api.call("GET", "/assets/dataset/loans/versions/1")
    used = components["dataset/loans@1"]
    assert used["type"] == "data" and used["hashes"] == [{"alg": "SHA-256", "content": loans["digest"]}]
    uses = {node: {p["value"] for p in one.get("properties", []) if p["name"] == "regesta:used-for"} for node, one in components.items()}
    assert uses["dataset/loans@1"] == {"training"} and uses["dataset/test-loans@1"] == {"evaluation"}
    assert "openlineage/s3://raw/loans/2026.parquet" in components


def test_a_model_with_everything_is_valid_spdx(server, api, tmp_path):
    full_model(server, api, tmp_path)
    model, objects = check_spdx(bom(server, "loan-risk@1", "spdx"))
    [package] = [one for one in objects.foreach_type(model.ai_AIPackage) if one.name == "loan-risk"]
    assert package.software_packageVersion == "1" and package.ai_limitation == "Too few applicants above 70."
    assert {one.key for one in package.ai_metric} >= {"accuracy", "selection_rate (race=black)"}
    related = {}
    for one in objects.foreach_type(model.Relationship):
        related.setdefault(one.relationshipType.rsplit("/", 1)[-1], []).extend(to.name or to.simplelicensing_licenseExpression for to in one.to)
    assert sorted(related["trainedOn"]) == ["loans", "s3://raw/loans/2026.parquet"] and related["testedOn"] == ["test-loans"]
    assert related["contains"] == ["weights.bin"] and sorted(related["descendantOf"]) == ["base", "example/credit-base"]
    assert related["hasDeclaredLicense"] == ["Apache-2.0"] and len(related["hasEvidence"]) >= 2
    loans = next(one for one in objects.foreach_type(model.dataset_DatasetPackage) if one.name == "loans")
    assert loans.verifiedUsing[0].hashValue == api.call("GET", "/assets/dataset/loans/versions/1")["digest"]


@pytest.mark.parametrize("license, stated", [
    (None, None),
    ("mit", [{"license": {"id": "MIT"}}]),
    ("MIT OR apache-2.0", [{"expression": "MIT OR Apache-2.0"}]),
    ("Bank internal, v2", [{"license": {"name": "Bank internal, v2"}}]),
])
def test_small_versions_of_all_kinds_are_valid(server, api, license, stated):
    api.model()
    if license:
        api.call("PUT", "/assets/model/loan-risk/versions/1/tags/license", {"value": license})
    dataset(api, "loans", ROWS)
    api.prompt("explain")
    for version in ("loan-risk@1", "dataset/loans@1", "prompt/explain@1"):
        check_cyclonedx(bom(server, version, "cyclonedx"))
        check_spdx(bom(server, version, "spdx"))
    assert bom(server, "loan-risk@1", "cyclonedx")["metadata"]["component"].get("licenses") == stated


def test_equal_facts_give_equal_bytes_and_new_evidence_a_new_revision(server, api, tmp_path):
    api.model()
    def exports():
        return [cli(server, "bom", "loan-risk@1", "--format", form).replace(server.url, "") for form in ("cyclonedx", "spdx")]
    # The server's scan is evidence, and comes a moment after the version.
    eventually(lambda: api.call("GET", "/evidence?kind=model&name=loan-risk&version=1")["items"])
    before = exports()
    server.stop()
    server.start()
    assert exports() == before
    first = before[0]
    (tmp_path / "card.md").write_text(CARD)
    cli(server, "evidence", "add", "loan-risk@1", "--type", "card", "--file", tmp_path / "card.md")
    later = bom(server, "loan-risk@1", "cyclonedx")
    assert later["serialNumber"] == json.loads(first)["serialNumber"] and later["version"] == json.loads(first)["version"] + 1
    assert "must be one of cyclonedx, spdx" in cli(server, "bom", "loan-risk@1", "--format", "excel", code=1)


def test_a_pack_seals_both_documents(server, api, tmp_path):
    full_model(server, api, tmp_path)
    server.settle()
    cli(server, "pack", "loan-risk@1", "--output", tmp_path / "p.zip")
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert members["bom.cdx.json"].decode() + "\n" == cli(server, "bom", "loan-risk@1", "--format", "cyclonedx")
    assert members["bom.spdx.json"].decode() + "\n" == cli(server, "bom", "loan-risk@1", "--format", "spdx")
    cli(server, "pack", "verify", tmp_path / "p.zip")
    with zipfile.ZipFile(tmp_path / "q.zip", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data.replace(b"Apache-2.0", b"GPL-3.0-only") if name == "bom.cdx.json" else data)
    done = subprocess.run([binary(), "pack", "verify", str(tmp_path / "q.zip")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 5 and "bom.cdx.json" in done.stdout + done.stderr


def test_names_that_the_reader_may_not_see_are_left_out(server, api, tmp_path):
    full_model(server, api, tmp_path)
    api.call("POST", "/users", {"name": "root", "password": "a long password", "grants": []}, 201)
    token = cli(server, "token", "create", "reader", "--grant", "reader:default:loan-risk",
                environment={"REGESTA_USER": "root", "REGESTA_PASSWORD": "a long password"})
    reader = Api(server, next(word for word in token.split() if word.startswith("rgs_")))
    for form in ("cyclonedx", "spdx"):
        document = json.dumps(reader.call("GET", f"/assets/model/loan-risk/versions/1/bom?format={form}"))
        for name in ("loans", "raw", "base@1", '"base"', "accuracy"):
            assert name not in document, (form, name)
        assert "weights.bin" in document and "Apache-2.0" in document
    reader.call("GET", "/assets/model/base/versions/1/bom", status=403)
