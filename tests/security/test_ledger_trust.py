"""Attacks on the ledger: by whoever can write to the database, by whoever may read too much of it, and by strangers
who would rather not be in it. With SQLite and with PostgreSQL where the database matters."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

import pytest

from conftest import PASSWORD, Caller
from regesta_server import ROOT, Server, binary, eventually


class Place:
    """A data directory, its server and its database, which the attacker can write to."""

    def __init__(self, folder, url=None):
        self.folder, self.url = pathlib.Path(folder), url
        self.data = self.folder / "data"
        self.server = Server(self.data, *(["--db", url] if url else []))

    def start(self):
        self.server.start()
        self.caller = Caller(self.server)
        return self

    def stop(self):
        return self.server.stop()

    def sql(self, *statements):
        if self.url:
            return subprocess.run(["psql", "-qAtd", self.url, "-v", "ON_ERROR_STOP=1", "-c", "; ".join(statements)],
                                  check=True, capture_output=True, text=True).stdout.splitlines()
        database = sqlite3.connect(self.data / "regesta.db", isolation_level=None)
        try:
            return [str(row[0]) for statement in statements for row in database.execute(statement)]
        finally:
            database.close()

    def cli(self, *words):
        return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=120,
                              env=os.environ | {"HOME": str(self.folder)})

    def where(self):
        return ["--data", self.data, *(["--db", self.url] if self.url else [])]

    def verify(self, *more):
        return self.cli("ledger", "verify", *self.where(), *more)

    def aside(self):
        """Keeps a copy of the ledger's tables as they are now."""
        self.sql(*(f"CREATE TABLE aside_{table} AS SELECT * FROM ledger_{table}" for table in ("entry", "tile", "head", "checkpoint")))

    def put_back(self):
        columns = {"entry": "id, idx, time, body, salt, mac, refused", "tile": "level, number, bundle, hashes",
                   "head": "id, size, time, note", "checkpoint": "size, time, note"}
        self.sql(*(f"DELETE FROM ledger_{table}" for table in columns),
                 *(f"INSERT INTO ledger_{table} ({names}) SELECT {names} FROM aside_{table}" for table, names in columns.items()),
                 *(f"DROP TABLE aside_{table}" for table in columns))

    def checkpoint(self):
        return urllib.request.urlopen(self.server.url + "/ledger/checkpoint").read().decode()

    def waits_for(self, size):
        eventually(lambda: int(self.checkpoint().split("\n")[1]) >= size)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # as root the cluster runs as another user, who must get through
        if request.param == "sqlite":
            made = Place(folder).start()
            yield made
            made.stop()
            return
        postgres = lambda word, *more: subprocess.run([ROOT / "tools" / "postgres", word, pathlib.Path(folder) / "cluster", *more],
                                                      check=True, capture_output=True, text=True).stdout.strip()
        made = Place(folder, postgres("start", "--fast")).start()
        try:
            yield made
        finally:
            made.stop()
            postgres("drop")


def test_a_row_forged_while_the_server_is_stopped_is_never_signed(place):
    """Attack: an entry by user:rita is inserted into the database of a stopped server, which signs it at its start."""
    place.caller.prompt("letter", "one")
    place.waits_for(2)
    place.stop()
    size = int(place.sql("SELECT size FROM ledger_head")[0])
    place.sql("INSERT INTO ledger_entry (time, body) SELECT time + 1, REPLACE(REPLACE(body, 'version.created', 'approval.given'), "
              "'local:', 'user:rita-') FROM ledger_entry WHERE body LIKE '%version.created%'")
    assert "was not written by this server" in place.verify().stdout, "found before the server runs again"
    place.start()
    place.caller.prompt("letter", "two")
    place.waits_for(size + 1)
    entries = place.caller.ok("GET", "/api/v1/ledger/entries")["items"]
    assert len(entries) == size + 1 and not [e for e in entries if "rita" in e["body"]["actor"]], entries
    assert "regesta_ledger_refused_entries_total 1" in place.caller.get("/metrics").text
    assert "somebody else writes to the database" in place.server.log()
    found = place.verify()
    assert found.returncode == 5 and "of ledger_entry was not written by this server" in found.stdout, found.stdout
    assert not place.caller.ok("POST", "/api/v1/ledger/verify", {})["ok"]


def test_swapped_rows_of_the_ledger_are_found(place):
    """Attack: two entries exchange their row numbers, so that what goes by row numbers tells another story."""
    place.caller.prompt("letter", "one")
    place.caller.prompt("notice", "two")
    place.waits_for(4)
    place.stop()
    assert place.verify().returncode == 0, place.verify().stdout
    first, second = place.sql("SELECT id FROM ledger_entry WHERE body LIKE '%version.created%' ORDER BY id")[:2]
    place.sql(f"UPDATE ledger_entry SET id = -1 WHERE id = {first}", f"UPDATE ledger_entry SET id = {first} WHERE id = {second}",
              f"UPDATE ledger_entry SET id = {second} WHERE id = -1")
    found = place.verify()
    assert found.returncode == 5 and "its bytes hash to" in found.stdout, found.stdout


def test_yesterdays_database_is_refused_though_the_tiles_are_gone(place):
    """Attack: yesterday's database is restored and the published tiles are deleted, so that the server continues from there."""
    place.caller.prompt("letter", "one")
    place.waits_for(2)
    place.aside()
    place.caller.prompt("letter", "two")
    place.waits_for(3)
    later = place.checkpoint()
    place.stop()
    place.put_back()
    shutil.rmtree(place.data / "ledger")
    found = place.verify()
    assert found.returncode == 5 and "covers 3 entries, the log has only 2" in found.stdout, found.stdout
    with pytest.raises(RuntimeError) as refusal:
        place.start()
    assert "regesta ledger accept-restore" in str(refusal.value)
    # The documented way on is itself recorded, and whoever kept the later checkpoint still sees it.
    assert place.cli("ledger", "accept-restore", *place.where()).returncode == 2, "it needs a reason"
    accepted = place.cli("ledger", "accept-restore", *place.where(), "--reason", "the disk was lost")
    assert accepted.returncode == 0, accepted.stderr
    assert "nothing to accept" in place.cli("ledger", "accept-restore", *place.where(), "--reason", "x").stderr
    place.start()
    entry = place.caller.ok("GET", "/api/v1/ledger/entries?action=ledger.restored")["items"][0]["body"]
    assert entry["data"]["lost"]["size"] == 3 and entry["data"]["accepted"]["size"] == 2
    assert entry["data"]["lost_checkpoint"] == later and entry["data"]["reason"] == "the disk was lost"
    kept = place.folder / "later"
    kept.write_text(later)
    assert "the kept checkpoint of 3 entries has the root" in place.verify("--kept", kept).stdout + place.verify("--kept", kept).stderr


def test_a_database_that_is_put_back_under_a_running_server_is_not_signed_anew(place):
    """Attack: the ledger's tables are put back while the server runs, so that what came since can be told otherwise."""
    place.caller.prompt("letter", "one")
    place.waits_for(2)
    place.aside()
    place.caller.prompt("letter", "two")
    place.waits_for(3)
    later = place.checkpoint()
    place.put_back()
    place.caller.prompt("notice", "another story")
    eventually(lambda: "covers 3 entries but the database has only 2" in place.server.log())
    assert place.sql("SELECT size FROM ledger_head")[0] == "2", "nothing was signed on top"
    assert place.checkpoint() == later


def test_a_shorter_tree_is_found_by_whoever_kept_a_later_checkpoint(server, tmp_path):
    """Attack: database, tiles and everything beside them are put back; only an auditor kept a checkpoint."""
    caller = Caller(server)
    caller.prompt("letter", "one")
    server.settle()
    subprocess.run([binary(), "backup", tmp_path / "copy", "--data", server.data], check=True, capture_output=True)
    caller.prompt("letter", "two")
    server.settle()
    later = urllib.request.urlopen(server.url + "/ledger/checkpoint").read().decode()
    (tmp_path / "kept").write_text(later)
    verify = lambda *more: subprocess.run([binary(), "ledger", "verify", "--data", tmp_path / "copy", *more], capture_output=True, text=True)
    assert verify().returncode == 0, "nothing on the machine itself can tell"
    found = verify("--kept", tmp_path / "kept")
    assert found.returncode == 5 and "the kept checkpoint covers 3 entries" in found.stdout, found.stdout


def test_a_backup_is_left_as_it_was_by_its_verification(server, tmp_path):
    """Fault: verifying a backup left lock files in it, or failed where it cannot be written."""
    Caller(server).prompt("letter", "one")
    copy = tmp_path / "copy"
    subprocess.run([binary(), "backup", copy, "--data", server.data], check=True, capture_output=True)
    below = lambda: {str(path.relative_to(copy)): (path.stat().st_mode & 0o777, path.stat().st_mtime_ns)
                     for path in copy.rglob("*") if path.is_file()}
    before = below()
    assert all(mode == 0o600 for mode, _ in before.values()), before
    assert subprocess.run([binary(), "ledger", "verify", "--data", copy], capture_output=True).returncode == 0
    assert below() == before


def bundles(url):
    """Everything that is published of the entries, to nobody in particular."""
    size = int(urllib.request.urlopen(url + "/ledger/checkpoint").read().split(b"\n")[1])
    assert 0 < size < 256
    return urllib.request.urlopen(f"{url}/ledger/tile/entries/000.p/{size}").read()


def test_the_public_ledger_tells_nothing_but_time(house):
    """Attack: a stranger reads names, people and deeds of every workspace out of the public tiles."""
    house.carl.prompt("loan-summary", "one")
    house.root.ok("PUT", "/api/v1/assets/prompt/loan-summary/aliases/production", {"version": 1})
    house.walt.ok("POST", "/api/v1/prompts/western-secret/versions", {"template": "one"}, headers={"X-Regesta-Workspace": "west"})
    house.server.settle()
    published = bundles(house.server.url)
    for word in (b"loan", b"carl", b"walt", b"west", b"alias", b"root", b"production"):
        assert word not in published, word
    files = [path for path in pathlib.Path(house.server.data, "ledger").rglob("*") if path.is_file()]
    assert files and not [path for path in files if b"carl" in path.read_bytes()]


def test_an_outsider_verifies_a_receipt_and_learns_that_one_entry(house, tmp_path):
    """Not an attack: commitments must not cost outsiders their proof."""
    house.carl.prompt("letter", "one")
    house.server.settle()
    entry = house.carl.ok("GET", "/api/v1/ledger/entries?action=version.created")["items"][0]
    shown = {"body": entry["body"], "id": entry["id"], "salt": entry["salt"], "v": 2}
    (tmp_path / "entry").write_text(json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    (tmp_path / "proof").write_text(house.carl.get(f"/api/v1/ledger/entries/{entry['index']}/receipt").text)
    (tmp_path / "key").write_text(house.anonymous.get("/ledger/key").text)
    check = lambda: house.cli("ledger", "verify", "--receipt", tmp_path / "proof", "--entry", tmp_path / "entry", "--key", tmp_path / "key")
    assert check().returncode == 0, check().stdout
    (tmp_path / "entry").write_text((tmp_path / "entry").read_text().replace("user:carl", "user:rita"))
    assert check().returncode == 5


SECRETS = ["T0KEN", "s3cr3t", "S1GNATURE", "passw0rd"]


def test_no_secret_stands_in_an_entry(house):
    """Attack: a reader of the ledger takes webhook addresses and presigned sources from its entries."""
    house.root.ok("POST", "/api/v1/webhooks", {"url": "https://hooks.example.com/services/T0KEN?key=s3cr3t"})
    house.root.ok("POST", "/api/2.0/mlflow/experiments/create",
                  {"name": "presigned", "artifact_location": "s3://ann:passw0rd@store.example.com/x"})
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "loan"})
    source = "https://carl:passw0rd@store.example.com/model?X-Amz-Signature=S1GNATURE&token=T0KEN"
    made = house.carl.ok("POST", "/api/v1/assets/model/loan/versions", {"source": source})
    assert made["source"] == source, "whoever loads the model needs it whole"
    house.carl.ok("PUT", "/api/v1/assets/model/loan/aliases/live", {"version": 1, "reason": "see https://x.example.com/?token=s3cr3t"})
    house.server.settle()
    everything = json.dumps(house.root.ok("GET", "/api/v1/ledger/entries?page_size=200"))
    assert not [secret for secret in SECRETS if secret in everything]
    data = {e["body"]["action"]: e["body"]["data"] for e in json.loads(everything)["items"]}
    assert data["version.created"]["source"] == "https://***@store.example.com/model?X-Amz-Signature=***&token=***"
    assert len(data["version.created"]["source_digest"]) == 64
    assert data["webhook.created"]["url"] == "https://hooks.example.com/***?key=***"
    assert data["alias.moved"]["reason"] == "see https://x.example.com/?token=***"
    assert house.cli("ledger", "verify", "--data", house.server.data).returncode == 0, "and the state is still what it says"


def test_entries_respect_names_and_workspaces(house):
    """Attack: whoever may read one name reads of all the others in the ledger, its receipts and the change feed."""
    house.carl.prompt("loan", "one")
    house.nina.prompt("nina-letter", "one")
    house.root.ok("PUT", "/api/v1/assets/prompt/loan/aliases/live", {"version": 1})
    house.walt.ok("POST", "/api/v1/prompts/western/versions", {"template": "one"}, headers={"X-Regesta-Workspace": "west"})
    house.token("ci", {"role": "auditor", "workspace": "*"})
    auditor = house.token("audit", {"role": "auditor", "workspace": "*"})
    house.server.settle()
    all_entries = house.root.ok("GET", "/api/v1/ledger/entries?page_size=200")["items"]
    subject = {e["index"]: e["body"]["subject"] for e in all_entries}
    subjects = lambda caller, **more: {e["body"]["subject"] for e in
                                       caller.ok("GET", "/api/v1/ledger/entries?page_size=200", **more)["items"]}
    west = {"headers": {"X-Regesta-Workspace": "west"}}
    assert subjects(auditor) == set(subject.values())
    assert not {s for s in subjects(house.rex) if s.startswith(("user/", "token/"))}
    assert {"prompt/loan", "prompt/loan@1", "prompt/loan#live"} <= subjects(house.rex)
    assert not {s for s in subjects(house.nina) if s.startswith("prompt/") and "nina-" not in s}
    assert "prompt/nina-letter@1" in subjects(house.nina)
    assert not {s for s in subjects(house.walt, **west) if "western" not in s and s != "workspace/west"}
    for caller, may, more in ((house.rex, subjects(house.rex), {}), (house.nina, subjects(house.nina), {}), (house.walt, subjects(house.walt, **west), west)):
        for index, about in subject.items():
            expected = 200 if about in may else 404
            for path in (f"/api/v1/ledger/entries/{index}", f"/api/v1/ledger/entries/{index}/receipt"):
                answer = caller.get(path, **more)
                assert answer.status == expected, f"{path} {about}: {answer}"
                assert expected == 200 or about not in answer.text
        fed = set()
        after = -1
        while True:
            page = caller.ok("GET", f"/api/v1/changes?after={after}&wait=0", **more)
            fed |= {item["body"]["subject"] for item in page["items"]}
            if page["next"] <= after or not page["items"]:
                break
            after = page["next"]
        assert fed <= may, fed - may
    hidden = house.nina.ok("GET", "/api/v1/ledger/entries?subject=prompt/loan")["items"]
    assert hidden == [], "a filter is no oracle either"


def test_findings_of_a_verification_are_not_for_the_admin_of_one_workspace(house):
    """Attack: the admin of a workspace reads names of all the others in what a verification finds."""
    west = {"X-Regesta-Workspace": "west"}
    assert house.wendy.post("/api/v1/ledger/verify", {}, headers=west).status == 403
    assert house.root.ok("POST", "/api/v1/ledger/verify", {})["ok"]


def test_reasons_of_moves_are_kept(house):
    """Gap: why somebody moved an alias, or rolled it back, was dropped when no policy guards it."""
    for text in ("one", "two"):
        house.carl.prompt("letter", text)
    house.carl.ok("PUT", "/api/v1/assets/prompt/letter/aliases/live", {"version": 1, "reason": "first light"})
    house.carl.ok("PUT", "/api/v1/assets/prompt/letter/aliases/live", {"version": 2})
    house.carl.ok("POST", "/api/v1/assets/prompt/letter/aliases/live/rollback", {"reason": "it broke"})
    history = house.carl.ok("GET", "/api/v1/assets/prompt/letter/aliases/live/history")["items"]
    assert [item.get("reason") for item in history] == ["it broke", None, "first light"]
    house.server.settle()
    entries = house.carl.ok("GET", "/api/v1/ledger/entries?action=alias.moved")["items"]
    assert [e["body"]["data"].get("reason") for e in entries] == ["first light", None, "it broke"]


def test_a_hundred_renames_hide_nothing(house):
    """Attack: an asset is renamed until the history of its pointers is empty."""
    house.carl.prompt("letter-0", "one")
    house.carl.ok("PUT", "/api/v1/assets/prompt/letter-0/aliases/live", {"version": 1})
    for i in range(120):
        house.carl.ok("PATCH", f"/api/v1/assets/prompt/letter-{i % 3}", {"new_name": f"letter-{(i + 1) % 3}"})
    history = house.carl.ok("GET", "/api/v1/assets/prompt/letter-0/aliases/live/history")["items"]
    assert [(item["action"], item["to"]) for item in history] == [("moved", 1)]


def refusals(house, action, found):
    """The groups of the entry of what was refused, which comes a moment later."""
    def look():
        entries = house.root.ok("GET", f"/api/v1/ledger/entries?action={action}")["items"]
        return next((groups for entry in entries if found(groups := entry["body"]["data"]["groups"])), None)

    return eventually(look)


def test_failed_sign_ins_and_refused_accesses_are_recorded(house):
    """Gap: somebody tries passwords and doors, and it is written down nowhere."""
    for _ in range(3):
        assert Caller(house.server, ("carl", "wrong")).get("/api/v1/assets").status == 401
    assert house.anonymous.post("/api/v1/session", {"user": "dora", "password": "wrong"}).status in (401, 403)
    assert Caller(house.server, "rgs_forged").get("/api/v1/assets").status == 401
    assert house.rex.post("/api/v1/tokens", {"name": "mine", "grants": []}).status == 403
    seen = refusals(house, "session.refused", lambda groups: {g["claimed"] for g in groups} >= {"carl", "token"})
    assert {"claimed": "carl", "count": 3, "remote": "127.0.0.1"} in seen
    refused = refusals(house, "access.refused", lambda groups: any(g["actor"] == "user:rex" for g in groups))
    assert {"actor": "user:rex", "count": 1, "route": "POST /api/v1/tokens"} in refused
    assert "regesta_access_refused_total" in house.anonymous.get("/metrics").text


def test_strangers_cannot_flood_the_ledger_nor_write_into_it(house):
    """Attack: failed sign-ins under made-up names fill the ledger; a password typed as a name is kept for ever."""
    size = lambda: int(urllib.request.urlopen(house.server.url + "/ledger/checkpoint").read().split(b"\n")[1])
    before = size()
    for i in range(100):
        Caller(house.server, (f"hunter{i}", "x")).get("/api/v1/assets")
    time.sleep(2.5)
    assert size() - before <= 12, "some entries, whatever they send"
    groups = refusals(house, "session.refused", lambda groups: True)
    everything = json.dumps(house.root.ok("GET", "/api/v1/ledger/entries?action=session.refused"))
    assert "hunter" not in everything and "(no user)" in everything, groups


def test_the_access_log_names_who_called(tmp_path):
    """Gap: the access log does not say who did it, nor why it was refused."""
    log = tmp_path / "access.log"
    server = Server(tmp_path / "data", "--access-log", log).start()
    try:
        nobody = Caller(server)
        nobody.ok("POST", "/api/v1/users", {"name": "root", "password": PASSWORD})
        root = Caller(server, ("root", PASSWORD))
        root.ok("POST", "/api/v1/users", {"name": "rex", "password": PASSWORD, "grants": [{"role": "reader"}]})
        Caller(server, ("rex", PASSWORD)).post("/api/v1/tokens", {"name": "x", "grants": []})
        Caller(server, ("rex", "wrong")).get("/api/v1/assets")
        nobody.get("/api/v1/assets")
        nobody.get("/health")
    finally:
        server.stop()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    told = [(line["path"], line["actor"], line.get("claimed"), line.get("problem"), line["status"]) for line in lines]
    assert ("/api/v1/users", "user:root", None, None, 200) in told or ("/api/v1/users", "user:root", None, None, 201) in told, told
    assert ("/api/v1/tokens", "user:rex", None, "denied", 403) in told, told
    assert ("/api/v1/assets", "-", "rex", "unauthenticated", 401) in told, told
    assert ("/api/v1/assets", "-", None, "unauthenticated", 401) in told, told
    assert ("/health", "-", None, None, 200) in told, told
