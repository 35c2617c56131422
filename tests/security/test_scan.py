"""Files that attack those who load them: they are scanned on arrival, and keep their version in quarantine."""

import io
import pickle
import zipfile

import pytest
import test_oci

from regesta_server import Server, eventually

HOSTILE = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R."
HARMLESS = pickle.dumps({"weights": [1, 2, 3]})


def zipped(**files):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return whole.getvalue()


def register(who, name, kind="model", **files):
    """A version with these files ("a__b" is the path a/b)."""
    who.post("/api/v1/assets", {"kind": kind, "name": name})
    named = [{"path": path.replace("__", "/").replace("DOT", "."), "digest": who.ok("PUT", "/api/v1/blobs", raw=content)["digest"]}
             for path, content in files.items()]
    return who.ok("POST", f"/api/v1/assets/{kind}/{name}/versions", {"files": named})["version"]


def scan_of(who, name, number, kind="model"):
    """The server's own scan, which comes by itself."""
    def found():
        page = who.ok("GET", f"/api/v1/evidence?kind={kind}&name={name}&version={number}")
        return [item["id"] for item in page["items"] if item["type"] == "scan" and item["origin"] == "server"]

    return who.ok("GET", f"/api/v1/evidence/{eventually(found)[0]}")


def move(who, name, number, alias="staging", kind="model"):
    return who.call("PUT", f"/api/v1/assets/{kind}/{name}/aliases/{alias}", {"version": number})


def test_a_hostile_pickle_keeps_its_version_from_every_name(house):
    """Attack: a model whose pickle runs a program gets an alias, a stage or a share of the callers."""
    number = register(house.carl, "loan", modelDOTpkl=HOSTILE)
    scan = scan_of(house.carl, "loan", number)
    assert (scan["summary"]["status"], scan["summary"]["critical"], scan["by"]) == ("critical", 1, "system:scan")
    assert scan["body"]["reports"][0]["findings"][0]["code"] == "pickle.import"
    assert "posix.system" in house.carl.ok("GET", f"/api/v1/assets/model/loan/versions/{number}")["quarantine"]
    refused = move(house.carl, "loan", number)
    assert refused.status == 403 and "quarantine" in refused.text and "posix.system" in refused.text, refused
    assert "regesta version release model/loan@1" in refused.text
    by_mlflow = house.carl.post("/api/2.0/mlflow/registered-models/alias", {"name": "loan", "alias": "champion", "version": "1"})
    assert by_mlflow.status >= 400 and "quarantine" in by_mlflow.text, by_mlflow
    stage = house.carl.post("/api/2.0/mlflow/model-versions/transition-stage",
                            {"name": "loan", "version": "1", "stage": "Production", "archive_existing_versions": False})
    assert stage.status >= 400 and "quarantine" in stage.text, stage
    assert house.carl.ok("GET", "/api/v1/assets/model/loan/aliases")["items"] == []


def test_only_somebody_else_who_may_approve_releases(house):
    """Attack: the author lifts the quarantine of their own model, or claims a clean scan."""
    number = register(house.carl, "loan", modelDOTpkl=HOSTILE)
    scan_of(house.carl, "loan", number)
    release = lambda who, reason="read it": who.post(f"/api/v1/assets/model/loan/versions/{number}/release", {"reason": reason})
    assert release(house.carl).status == 403 and release(house.rex).status == 403
    assert release(house.token("ci", {"role": "risk"})).status == 403, "a token is nobody in particular"
    claims = lambda kind, body: house.carl.post("/api/v1/evidence", {"asset": {"kind": "model", "name": "loan", "version": number},
                                                                     "type": kind, "body": body})
    assert claims("scan-release", {"reason": "mine"}).status == 400
    assert claims("scan", {"status": "clean", "critical": 0}).status == 201, "a claim, which the gate does not count"
    assert move(house.carl, "loan", number).status == 403
    assert release(house.rita, " ").status == 400
    assert release(house.rita, "the import is what we expected").status == 201
    assert move(house.carl, "loan", number).status == 200
    assert release(house.rita).status == 409, "nothing to release any more"


def test_an_author_who_may_approve_does_not_release(house):
    number = register(house.root, "loan", modelDOTpkl=HOSTILE)
    scan_of(house.root, "loan", number)
    answer = house.root.post(f"/api/v1/assets/model/loan/versions/{number}/release", {"reason": "mine"})
    assert answer.status == 403 and "author" in answer.text, answer


def test_a_new_scan_brings_the_quarantine_back(house):
    number = register(house.carl, "loan", modelDOTpkl=HOSTILE)
    scan_of(house.carl, "loan", number)
    house.rita.ok("POST", f"/api/v1/assets/model/loan/versions/{number}/release", {"reason": "looked at it"})
    assert house.carl.ok("POST", "/api/v1/evidence/scan", {"asset": {"kind": "model", "name": "loan", "version": number}})["summary"]["critical"] == 1
    assert move(house.carl, "loan", number).status == 403


def test_a_name_that_came_before_the_scan_is_taken_away(house):
    """Attack: push a hostile file under a tag, which is there before the scan is: loaders of the tag would run it."""
    test_oci.push(house.carl, "default/app", "prod", HARMLESS)
    test_oci.push(house.carl, "default/app", "prod", HOSTILE)
    test_oci.push(house.carl, "default/app", "new", HOSTILE + b"N.")
    aliases = lambda: [(a["name"], a["version"]) for a in house.carl.ok("GET", "/api/v1/assets/artifact/app/aliases")["items"]]
    eventually(lambda: aliases() == [("prod", 1)])
    moved = house.root.ok("GET", "/api/v1/ledger/entries?actor=system:scan&page_size=20")["items"]
    assert {entry["body"]["action"] for entry in moved} >= {"alias.moved", "alias.removed"}, moved


@pytest.mark.parametrize("files", [
    {"notesDOTtxt": HOSTILE},
    {"modelDOTpt": zipped(archive__data_pkl=b"x", **{"archive__data.pkl": HOSTILE})},
    {"modelDOTzip": zipped(**{"inner.zip": zipped(**{"deep.pkl": HOSTILE})})},
    {"modelDOTkeras": zipped(**{"config.json": b'{"class_name": "Lambda"}', "model.weights.h5": b"x"})},
    {"aDOTzip": zipped(**{"../../evil": b"x"})},
], ids=["other name", "pytorch", "archive in archive", "keras lambda", "path"])
def test_other_ways_to_hide(house, files):
    number = register(house.carl, "thing", "artifact", **files)
    assert scan_of(house.carl, "thing", number, "artifact")["summary"]["status"] == "critical"
    assert move(house.carl, "thing", number, kind="artifact").status == 403


def test_harmless_files_are_not_held(house):
    number = register(house.carl, "fine", modelDOTpkl=HARMLESS, readmeDOTmd=b"# fine\n")
    assert scan_of(house.carl, "fine", number)["summary"] == {
        "status": "clean", "critical": 0, "warnings": 0, "complete": True, "files": 2}
    assert move(house.carl, "fine", number).status == 200


def test_a_policy_can_ask_for_a_clean_scan_and_waits_for_it(house):
    """A change request that waits for the scan goes on when it is there; what a client claims does not count."""
    house.guard("model/*#production", 'package regesta.gate\nrequire contains {"code": "scan", "msg": "the files were scanned",'
                                      '"evidence": {"type": "scan", "origin": "server"}}\n'
                                      'deny contains {"code": "unsafe", "msg": "the scan has warnings"} if {\n'
                                      '  some item in input.candidate.evidence\n  item.type == "scan"\n  item.summary.warnings > 0\n}\n')
    number = register(house.carl, "loan", modelDOTpkl=HARMLESS)
    move(house.carl, "loan", number, "production")
    scan_of(house.carl, "loan", number)
    aliases = eventually(lambda: house.carl.ok("GET", "/api/v1/assets/model/loan/aliases")["items"])
    assert [(a["name"], a["version"]) for a in aliases] == [("production", number)]
    unknown = register(house.carl, "loan", modelDOTpkl=b"cmymodule\nThing\n)R.")
    scan_of(house.carl, "loan", unknown)
    refused = move(house.carl, "loan", unknown, "production")
    assert refused.status == 403 and "the scan has warnings" in refused.text, refused


def test_versions_that_came_while_no_scan_ran_are_scanned_at_the_next_start(tmp_path):
    data = tmp_path / "data"
    off = Server(data, environment={"REGESTA_SCAN_ARRIVALS": "false"}).start()
    from conftest import Caller
    number = register(Caller(off), "late", modelDOTpkl=HOSTILE)
    assert move(Caller(off), "late", number).status == 200
    assert off.stop() == 0
    on = Server(data).start()
    try:
        assert scan_of(Caller(on), "late", number)["summary"]["status"] == "critical"
        assert move(Caller(on), "late", number, "other").status == 403
    finally:
        assert on.stop() == 0


def test_a_scan_by_order_takes_the_version_out_of_service_too(tmp_path):
    from conftest import Caller
    server = Server(tmp_path / "data", environment={"REGESTA_SCAN_ARRIVALS": "false"}).start()
    try:
        anyone = Caller(server)
        number = register(anyone, "late", modelDOTpkl=HOSTILE)
        assert move(anyone, "late", number).status == 200
        scan = anyone.ok("POST", "/api/v1/evidence/scan", {"asset": {"kind": "model", "name": "late", "version": number}})
        assert scan["summary"]["critical"] == 1
        assert anyone.ok("GET", "/api/v1/assets/model/late/aliases")["items"] == []
    finally:
        assert server.stop() == 0


def test_the_command_line_tells_what_was_found(house):
    anyone = house.carl
    number = register(anyone, "loan", modelDOTpkl=HOSTILE)
    scan_of(anyone, "loan", number)
    import os
    import subprocess

    from conftest import PASSWORD
    from regesta_server import binary
    run = lambda *words: subprocess.run([binary(), *words], capture_output=True, text=True, env=os.environ | {
        "REGESTA_URL": house.server.url, "REGESTA_USER": "carl", "REGESTA_PASSWORD": PASSWORD})
    scan = run("evidence", "scan", "loan@1")
    assert scan.returncode == 0 and "critical  model.pkl: loading this pickle can run posix.system" in scan.stdout, scan
    assert "quarantine" in run("version", "show", "loan@1").stdout
    refused = run("promote", "loan@1", "--to", "staging")
    assert refused.returncode == 3 and "quarantine" in refused.stdout + refused.stderr, refused
