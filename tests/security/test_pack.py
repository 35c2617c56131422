"""Evidence packs: complete, readable only as far as their maker may read, and no member of one can be changed unnoticed."""

import hashlib
import os
import pathlib
import struct
import subprocess
import tempfile
import zipfile

import pytest
from packs import MANIFEST, fetch, named, verify
from test_scan import HARMLESS, register, scan_of

from artifacts import experiment, finish, run
from conftest import FOUR_EYES, House
from gate import alias, guard_production, request_for, version
from regesta_server import ROOT, Server

MLFLOW = "/api/2.0/mlflow"


def tell(house):
    """A model with a run, files, evidence, a hold, a decision, an approval with discussion, and moves of aliases."""
    carl, root, rita = house.carl, house.root, house.rita
    info = run(carl, experiment(carl, "training"))
    carl.ok("POST", f"{MLFLOW}/runs/log-parameter", {"run_id": info["run_id"], "key": "depth", "value": "4"})
    carl.ok("POST", f"{MLFLOW}/runs/log-metric", {"run_id": info["run_id"], "key": "auc", "value": 0.91, "timestamp": 1, "step": 1})
    carl.ok("POST", f"{MLFLOW}/runs/log-inputs", {"run_id": info["run_id"], "datasets": [
        {"dataset": {"name": "loans", "digest": "d1", "source_type": "local", "source": "loans.csv"}}]})
    finish(carl, info["run_id"])
    file = carl.ok("PUT", "/api/v1/blobs", raw=HARMLESS)["digest"]
    carl.post("/api/v1/assets", {"kind": "model", "name": "loan"})
    base = "/api/v1/assets/model/loan"
    for extra in (b"1", b"2"):
        other = carl.ok("PUT", "/api/v1/blobs", raw=extra)["digest"]
        carl.ok("POST", f"{base}/versions", {"run_id": info["run_id"], "description": "for <the> bank", "tags": {"tier": "high"},
                                             "files": [{"path": "model.pkl", "digest": file}, {"path": "data/n.txt", "digest": other}]})
    carl.ok("PUT", f"{base}/versions/1/tags/owner", {"value": "risk"})
    carl.ok("POST", "/api/v1/evidence", {"asset": {"kind": "model", "name": "loan", "version": 1}, "type": "card",
                                         "body": "# Card\nApproves loans."})
    house.guard("model/loan#production", FOUR_EYES)
    asked = carl.call("PUT", f"{base}/aliases/production", {"version": 1, "reason": "first"})
    number = request_for(asked)
    rita.ok("POST", f"/api/v1/change-requests/{number}/comments", {"body": "Why now?"})
    rita.ok("POST", f"/api/v1/change-requests/{number}/approve", {"comment": "read the card"})
    carl.ok("PUT", f"{base}/aliases/staging", {"version": 1})
    carl.ok("PUT", f"{base}/aliases/staging", {"version": 2})
    carl.post(f"{base}/stages", {"version": 1, "stage": "Staging"})
    root.ok("POST", "/api/v1/holds", {"kind": "model", "name": "loan", "version": 1, "reason": "audit 7"})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request, tmp_path_factory):
    """(house, pack of loan@1)"""
    data = tmp_path_factory.mktemp("pack") / "data"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # as root the cluster runs as another user, who must get through
        tool = lambda word, *more: subprocess.run([ROOT / "tools" / "postgres", word, pathlib.Path(folder) / "pg", *more],
                                                  check=True, capture_output=True, text=True)
        more = ["--db", tool("start", "--fast").stdout.strip()] if request.param == "postgresql" else []
        server = Server(data, *more).start()
        try:
            house = House(server)
            tell(house)
            yield house, fetch(house.root, "model", "loan", 1, "?files=true")
        finally:
            server.stop()
            if more:
                tool("drop")


def test_a_pack_has_everything_and_verifies_without_a_server(told, tmp_path):
    house, pack = told
    (tmp_path / "p.zip").write_bytes(pack.raw)
    key = house.anonymous.get("/ledger/key").text
    code, report = verify(tmp_path / "p.zip", "--key", key.strip())
    assert code == 0 and report["ok"], report
    assert report["subject"] == "model/loan@1" and report["made_by"] == "user:root" and report["withheld"] == [], report
    code, report = verify(tmp_path / "p.zip", "--replay")
    assert code == 0 and report["replayed"] == 2, report
    about = pack.json("version.json")
    assert about["aliases"] == ["production"] and about["stage"] == "Staging" and about["tags"]["owner"] == "risk", about
    assert hashlib.sha256(pack.members["files.sha256"]).hexdigest() == about["digest"]
    assert pack.members["files/model.pkl"] == HARMLESS
    assert {item["type"] for item in pack.json("evidence.json")} >= {"card"}
    [request] = pack.json("change-requests.json")
    assert [item["by"] for item in request["approvals"]] == ["user:rita"] and request["comments"][0]["body"] == "Why now?"
    assert {item["result"] for item in pack.json("decisions.json")} == {"pending", "allowed"}
    for item in pack.json("decisions.json"):
        assert hashlib.sha256(pack.members[item["file"]]).hexdigest() == item["digest"]
    assert any("risk officer" in module["text"] for item in pack.json("policies.json") if item["file"].endswith(".json")
               for module in pack.json(item["file"])["modules"])
    assert pack.json("run/content.json")["params"] == {"depth": "4"} and "auc" in pack.json("run/metrics.json")
    assert hashlib.sha256(pack.members["run/content.json"]).hexdigest() == about["run_digest"]
    assert pack.json("holds.json")[0]["reason"] == "audit 7"
    assert any(edge["from"].startswith("dataset/loans") for edge in pack.json("lineage.json"))
    assert [move["pointer"] for move in pack.json("pointers.json")] == ["production", "staging", "staging", "stage:Staging"]
    page = pack.members["report.html"].decode()
    assert "for &lt;the&gt; bank" in page and "Why now?" in page and "<script" not in page and "read the card" in page


def test_each_member_that_is_changed_removed_or_added_is_named(told, tmp_path):
    _, whole = told
    for path in whole.members:
        flipped = whole.copy()
        data = bytearray(flipped.members[path])
        data[len(data) // 2] ^= 1
        flipped.members[path] = bytes(data)
        code, report = verify(flipped.write(tmp_path / "flipped.zip"))
        # A digest that is wrong in the manifest is said of its member.
        assert code == 5 and report["findings"] and (path == MANIFEST or path in named(report)), (path, report["findings"])
        gone = whole.copy()
        del gone.members[path]
        code, report = verify(gone.write(tmp_path / "gone.zip"))
        assert code == 5 and path in named(report), (path, report["findings"])
    for path in ("extra.json", "evidence/99.json", "files/more", "ledger/99999.json", "ledger/note"):
        more = whole.copy()
        more.members[path] = b"{}"
        code, report = verify(more.write(tmp_path / "more.zip"))
        assert code == 5 and path in named(report), (path, report["findings"])


def groups(path):
    """What a finding about a member may name: the member, or the folder that the ledger seals."""
    return {path, path.split("/")[0]}


def test_a_forger_who_lists_his_changes_is_found_by_the_ledger(told, tmp_path):
    _, whole = told
    for path in whole.members:
        if path == MANIFEST:
            continue
        flipped = whole.copy()
        flipped.members[path] = whole.members[path][:-1] + b"?"
        code, report = verify(flipped.relist().write(tmp_path / "flipped.zip"))
        assert code == 5 and named(report) & groups(path), (path, report["findings"])
        gone = whole.copy()
        del gone.members[path]
        code, report = verify(gone.relist().write(tmp_path / "gone.zip"))
        assert code == 5 and report["findings"], path


FIELDS = [
    ("version.json", lambda d: d.update(digest="0" * 64), "digest"),
    ("version.json", lambda d: d.update(created_by="user:eve"), "author"),
    ("version.json", lambda d: d.update(aliases=[]), "production"),
    ("version.json", lambda d: d.update(aliases=["production", "staging"]), "staging"),
    ("version.json", lambda d: d.update(stage="Production"), "stage"),
    ("version.json", lambda d: d["tags"].update(owner="nobody"), "tag"),
    ("version.json", lambda d: d["files"][0].update(digest="0" * 64), "files"),
    ("version.json", lambda d: d.update(run_digest="0" * 64), "run_digest"),
    ("evidence.json", lambda d: d[0].update(verified=not d[0]["verified"]), "verified"),
    ("evidence.json", lambda d: d[0].update(digest="0" * 64), "digest"),
    ("evidence.json", lambda d: d[0].update(summary={"good": True}), "summary"),
    ("evidence.json", lambda d: d[0].update(by="user:eve"), "by"),
    ("evidence.json", lambda d: d[0].update(time="2026-01-01T00:00:00.000Z"), "time"),
    ("evidence.json", lambda d: d.pop(), "missing"),
    ("change-requests.json", lambda d: d[0].update(reason="other"), "reason"),
    ("change-requests.json", lambda d: d[0].update(requested_by="user:eve"), "requested_by"),
    ("change-requests.json", lambda d: d[0]["approvals"][0].update(by="user:eve"), "approval"),
    ("change-requests.json", lambda d: d[0]["approvals"][0].update(comment="fine"), "comment"),
    ("change-requests.json", lambda d: d[0]["approvals"][0].update(roles=["legal"]), "roles"),
    ("change-requests.json", lambda d: d[0]["approvals"].clear(), "missing"),
    ("change-requests.json", lambda d: d[0]["comments"][0].update(body="Go ahead."), "body"),
    ("decisions.json", lambda d: d[0].update(result="refused"), "result"),
    ("decisions.json", lambda d: d.pop(), "missing"),
    ("policies.json", lambda d: d[0].update(digest="0" * 64), "polic"),
    ("pointers.json", lambda d: d[0].update(to=2), "to"),
    ("pointers.json", lambda d: d[0].update(by="user:eve"), "by"),
    ("pointers.json", lambda d: d[0].update(entry=0), "entry"),
    ("holds.json", lambda d: d[0].update(reason="none"), "reason"),
    ("history.json", lambda d: d.pop(), "entries"),
    ("history.json", lambda d: d[0]["data"].update(more=1), "data"),
    ("pack.json", lambda d: d.update(made_by="user:eve"), "maker"),
    ("pack.json", lambda d: d.update(subject="model/other@1"), "version"),
]


@pytest.mark.parametrize("path, change, word", FIELDS, ids=[f"{path}-{i}" for i, (path, _, _) in enumerate(FIELDS)])
def test_each_statement_is_compared_with_the_proven_entries(told, tmp_path, path, change, word):
    """Besides the seal: a finding names the statement, and the entry that says otherwise."""
    _, whole = told
    forged = whole.copy()
    document = forged.json(path)
    change(document)
    forged.set(path, document)
    code, report = verify(forged.relist().write(tmp_path / "forged.zip"))
    assert code == 5
    stated = [finding for finding in report["findings"] if finding["subject"] == path and " seals" not in finding["what"]]
    assert any(word in finding["what"] for finding in stated), report["findings"]


def test_decisions_policies_and_runs_are_compared_with_their_digests(told, tmp_path):
    _, whole = told
    decision = whole.json("decisions.json")[0]["file"]
    policy = next(item["file"] for item in whole.json("policies.json") if item["file"].endswith(".json"))
    for path, old, new in ((decision, b'"allowed"', b'"refused"'), (decision, b'"pending"', b'"allowed"'), (policy, b"risk", b"legal"),
                           ("run/content.json", b'"4"', b'"5"'), ("run/metrics.json", b"0.91", b"0.99")):
        if old not in whole.members[path]:
            continue
        forged = whole.copy()
        forged.members[path] = forged.members[path].replace(old, new)
        code, report = verify(forged.relist().write(tmp_path / "forged.zip"))
        assert code == 5 and path in named(report), (path, report["findings"])


def test_a_pack_is_bound_to_key_and_checkpoint(told, tmp_path):
    house, whole = told
    (tmp_path / "p.zip").write_bytes(whole.raw)
    other = Server(tmp_path / "other").start()
    try:
        foreign = House(other)
        key, note = foreign.anonymous.get("/ledger/key").text.strip(), foreign.anonymous.get("/ledger/checkpoint").text
        code, report = verify(tmp_path / "p.zip", "--key", key)
        assert code == 5 and {"ledger/key", "ledger/checkpoint"} <= named(report), report
        (tmp_path / "note").write_text(note)
        code, report = verify(tmp_path / "p.zip", "--checkpoint", tmp_path / "note")
        assert code == 5 and "pack" in named(report), report
        version(foreign.carl, "greeting", "Hello")
        theirs = fetch(foreign.carl, "prompt", "greeting", 1)
    finally:
        other.stop()
    (tmp_path / "kept").write_bytes(whole.members["ledger/checkpoint"])
    kept = ["--checkpoint", tmp_path / "kept"]
    code, report = verify(tmp_path / "p.zip", *kept)
    assert code == 0, report
    since = int(whole.members["ledger/checkpoint"].split(b"\n")[1])
    later = fetch(house.root, "model", "loan", 1)
    code, report = verify(later.write(tmp_path / "later.zip"), *kept)
    assert code == 5 and "does not prove" in report["findings"][0]["what"], report
    later = fetch(house.root, "model", "loan", 1, f"?since={since}")
    code, report = verify(later.write(tmp_path / "later.zip"), *kept)
    assert code == 0, report
    proof = later.members["ledger/consistency"].split(b"\n")
    later.members["ledger/consistency"] = b"\n".join([proof[0], b"A" * 43 + b"=", *proof[2:]])
    code, report = verify(later.relist().write(tmp_path / "later.zip"), *kept)
    assert code == 5 and "ledger/consistency" in named(report), report
    refused = house.root.get("/api/v1/assets/model/loan/versions/1/pack?since=999999")
    assert refused.status == 400 and "checkpoint" in refused.text, refused
    # The entries of another ledger, with its key: proven, but of something else.
    mixed = whole.copy()
    for path in [path for path in mixed.members if path.startswith("ledger/")]:
        del mixed.members[path]
    mixed.members.update({path: data for path, data in theirs.members.items() if path.startswith("ledger/")})
    code, report = verify(mixed.relist().write(tmp_path / "mixed.zip"))
    assert code == 5 and "version.json" in named(report), report


def rewritten(whole, file, change):
    """Writes the pack with zipfile; `change(archive)` adds more."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for path, data in whole.members.items():
            archive.writestr(path, data)
        change(archive)
    return file


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "a//b", "./a", "C:\\x", "a\\b", "%2e%2e/x"])
def test_members_with_unsafe_names_are_refused(told, tmp_path, name):
    code, report = verify(rewritten(told[1], tmp_path / "p.zip", lambda archive: archive.writestr(name, b"x")))
    assert code == 5 and "unsafe name" in report["findings"][0]["what"], report


def test_zips_that_programs_read_differently_are_refused(told, tmp_path):
    _, whole = told
    file = tmp_path / "p.zip"

    def refused(change, words, after=lambda raw: raw):
        rewritten(whole, file, change)
        file.write_bytes(after(file.read_bytes()))
        code, report = verify(file)
        assert code == 5 and words in report["findings"][0]["what"], report

    def link(archive):
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")

    with pytest.warns(UserWarning, match="Duplicate"):
        refused(lambda archive: archive.writestr("version.json", b"{}"), "twice")
    refused(link, "not a plain file")
    refused(lambda archive: archive.writestr("bomb", b"0" * 10_000_000, zipfile.ZIP_DEFLATED), "compressed")
    refused(lambda archive: setattr(archive, "comment", b"hello"), "comment")
    nothing = lambda archive: None
    refused(nothing, "belong to neither", lambda raw: b"MZ" + raw)  # an executable before it
    refused(nothing, "comment", lambda raw: raw + b"more")
    refused(nothing, "not a zip", lambda raw: b"")

    def renamed(raw):
        """A member that programs which read from the front see under another name."""
        with zipfile.ZipFile(file) as archive:
            at = archive.getinfo("version.json").header_offset + 30
        return raw[:at] + b"V" + raw[at + 1:]

    refused(nothing, "another header", renamed)

    def overlapping(raw):
        """Every member points to the first one's bytes, as in the bombs that need no compression."""
        at = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
        return raw[:at + 42] + struct.pack("<I", 0) + raw[at + 46:]

    refused(nothing, "overlaps", overlapping)


def test_a_prompt_and_a_version_that_nobody_promoted(house, tmp_path):
    version(house.carl, "greeting", "Hello {{name}}")
    guard_production(house)
    number = request_for(alias(house.carl, "greeting", 1))
    house.rita.ok("POST", f"/api/v1/change-requests/{number}/approve", {})
    pack = fetch(house.carl, "prompt", "greeting", 1)
    about = pack.json("version.json")
    assert hashlib.sha256(pack.members["content.json"]).hexdigest() == about["digest"] and about["aliases"] == ["production"]
    (tmp_path / "prompt.zip").write_bytes(pack.raw)
    assert verify(tmp_path / "prompt.zip")[0] == 0
    pack.members["content.json"] = pack.members["content.json"].replace(b"Hello", b"Howdy")
    code, report = verify(pack.relist().write(tmp_path / "changed.zip"))
    assert code == 5 and any("digest" in finding["what"] for finding in report["findings"]), report

    register(house.carl, "unused", kind="artifact", aDOTtxt=b"bytes")
    scan_of(house.carl, "unused", 1, kind="artifact")  # names the version as it is called now
    house.carl.ok("PATCH", "/api/v1/assets/artifact/unused", {"new_name": "renamed"})
    register(house.carl, "unused", kind="artifact", aDOTtxt=b"another's")
    alone = fetch(house.carl, "artifact", "renamed", 1)
    assert alone.json("decisions.json") == [] and alone.json("pointers.json") == []
    (tmp_path / "alone.zip").write_bytes(alone.raw)
    code, report = verify(tmp_path / "alone.zip")
    assert code == 0, report["findings"]


def test_a_pack_shows_no_more_than_its_maker_may_read(house, tmp_path):
    """Nina may use nina-* only: the run, the dataset and the policy of others stay out of her pack."""
    secret = run(house.carl, experiment(house.carl, "secret-experiment"))
    house.carl.ok("POST", f"{MLFLOW}/runs/log-parameter", {"run_id": secret["run_id"], "key": "depth", "value": "hidden-parameter"})
    finish(house.carl, secret["run_id"])
    house.carl.post("/api/v1/assets", {"kind": "model", "name": "nina-model"})
    house.carl.ok("POST", "/api/v1/assets/model/nina-model/versions", {"run_id": secret["run_id"], "source": "s3://bucket/x"})
    house.carl.ok("POST", "/api/v1/evidence", {"asset": {"kind": "model", "name": "nina-model", "version": 1}, "type": "evaluation",
                                               "body": {"metrics": {"accuracy": 0.875}, "dataset": {"name": "secret-data"}}})
    house.guard("model/nina-*#production", FOUR_EYES.replace("a risk officer", "hidden-policy-text"))
    house.carl.call("PUT", "/api/v1/assets/model/nina-model/aliases/production", {"version": 1})
    path = "/api/v1/assets/model/nina-model/versions/1/pack"
    pack = fetch(house.nina, "model", "nina-model", 1)
    text = b"".join(pack.members.values())
    for hidden in (b"secret-experiment", b"hidden-parameter", b"secret-data"):
        assert hidden not in text, hidden
    assert not any(path.startswith(("run/", "policies/")) for path in pack.members)
    (tmp_path / "p.zip").write_bytes(pack.raw)
    code, report = verify(tmp_path / "p.zip")
    assert code == 0 and {"1 runs", "1 policies", "1 bodies of evidence"} <= set(report["withheld"]), report
    assert house.walt.get(path).status in (403, 404) and house.anonymous.get(path).status == 401
    assert house.nina.get(path.replace("nina-model", "loan")).status == 403
    assert house.carl.get(path.replace("versions/1", "versions/9")).status == 404
    house.server.settle()
    made = house.root.ok("GET", "/api/v1/ledger/entries?action=version.packed")["items"]
    assert [item["body"]["actor"] for item in made] == ["user:nina"], made
    whole = fetch(house.root, "model", "nina-model", 1)
    assert b"hidden-parameter" in whole.members["run/content.json"] and b"secret-data" in b"".join(whole.members.values())
