"""A whole MLflow server moved here, and read back with the unmodified client from both sides."""

import sqlite3

import requests
import world


def test_everything_reads_the_same(server, importing, filled):
    folder, uri, ids = filled
    report = importing.run("--from", uri)
    assert report["ok"] and not report["refused"] and not report["differences"], report
    there, here = world.see_tracking(world.client_of(uri)), world.see_tracking(world.client_of(server.url))
    assert here["experiments"] == there["experiments"]
    assert here["runs"] == there["runs"]
    assert here["models"] == there["models"]
    assert here["files"] == there["files"]
    assert there["files"][ids["run"]].keys() == {"notes/hello.txt", "notes/again.txt", "ä ö/config.json"}
    kinds = report["kinds"]
    assert kinds["run"]["source"] == kinds["run"]["created"] == kinds["run"]["verified"] == len(there["runs"])
    assert report["files"]["stored"] == 4  # two of them have the same content
    # Entries of the ledger name the source and its digest.
    server.settle()
    items = requests.get(f"{server.url}/api/v1/ledger/entries", params={"page_size": 1000}).json()["items"]
    entries = [item["body"] for item in items]
    marks = [e["data"]["import"]["id"] for e in entries if e["action"] == "run.sealed" and "import" in e.get("data", {})]
    assert ids["run"] in marks
    finished = [e for e in entries if e["data"].get("about") == "import.finished"]
    assert finished[-1]["data"]["digest"] == report["digest"]


def test_running_it_again_imports_only_what_is_new(server, importing, source):
    uri, mlruns, ids = source
    first = importing.run("--from", uri, "--artifacts", mlruns)
    again = importing.run("--from", uri, "--artifacts", mlruns)
    for kind, counts in again["kinds"].items():
        assert counts["unchanged"] == counts["source"] == first["kinds"][kind]["source"], (kind, counts)
        assert counts["created"] == counts["updated"] == 0, (kind, counts)
    client = world.client_of(uri)
    client.log_metric(ids["run"], "loss", 0.001, timestamp=1_700_000_000_000, step=1000)
    client.set_tag(ids["run"], "later", "yes")
    new = client.create_run(ids["experiment"], run_name="new").info.run_id
    third = importing.run("--from", uri, "--artifacts", mlruns)
    assert (third["kinds"]["run"]["created"], third["kinds"]["run"]["updated"]) == (1, 1), third
    here = world.client_of(server.url)
    assert here.get_run(ids["run"]).data.tags["later"] == "yes"
    assert len(here.get_metric_history(ids["run"], "loss")) == 901
    assert here.get_run(new).info.run_name == "new"


def test_taken_numbers_names_and_ids_are_mapped_or_refused(server, importing, source):
    uri, mlruns, ids = source
    here = world.client_of(server.url)
    taken = here.create_experiment("loans")
    assert taken == ids["experiment"]
    report = importing.run("--from", uri, "--artifacts", mlruns)
    notes = [note["what"] for note in report["notes"] if note["kind"] == "experiment" and note["id"] == taken]
    assert notes and "'loans (imported)'" in notes[0] and f"the number {taken} is taken" in notes[0], report["notes"]
    moved = here.get_experiment_by_name("loans (imported)").experiment_id
    assert here.get_run(ids["run"]).info.experiment_id == moved
    assert here.search_runs([taken]) == []
    again = importing.run("--from", uri, "--artifacts", mlruns)
    assert again["kinds"]["experiment"]["unchanged"] == again["kinds"]["experiment"]["source"]


def test_a_broken_off_import_goes_on(server, importing, filled):
    _, uri, ids = filled
    process = importing.start("--from", uri)
    seen = lambda: requests.get(f"{server.url}/api/v1/imports").json()["items"]
    while not seen() and process.poll() is None:
        pass
    process.kill()
    process.wait()
    report = importing.run("--from", uri)
    assert report["ok"], report
    assert world.see_tracking(world.client_of(server.url))["runs"] == world.see_tracking(world.client_of(uri))["runs"]


def test_files_outside_the_roots_are_not_read(server, importing, source, tmp_path):
    uri, _, ids = source
    (tmp_path / "empty").mkdir()
    report = importing.run("--from", uri, "--artifacts", tmp_path / "empty")
    assert report["files"]["stored"] == 0
    assert any("no --artifacts root holds them" in note["what"] for note in report["notes"]), report["notes"]
    assert world.files_of(world.client_of(server.url), ids["run"]) == {}


def test_links_out_of_a_root_are_not_followed(server, importing, source, tmp_path):
    uri, mlruns, ids = source
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    link = mlruns / "loans" / ids["run"] / "artifacts" / "link.txt"
    link.symlink_to(secret)
    try:
        report = importing.run("--from", uri, "--artifacts", mlruns)
    finally:
        link.unlink()
    assert any("symbolic link" in note["what"] for note in report["notes"])
    assert "link.txt" not in world.files_of(world.client_of(server.url), ids["run"])


def test_a_copied_root_is_found_by_the_end_of_the_path(server, importing, source, tmp_path):
    import shutil
    uri, mlruns, ids = source
    shutil.copytree(mlruns, tmp_path / "copy")
    with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
        database.execute("UPDATE runs SET artifact_uri = replace(artifact_uri, ?, '/mnt/old/mlruns')", [str(mlruns)])
    importing.run("--from", uri, "--artifacts", tmp_path / "copy")
    assert "notes/hello.txt" in world.files_of(world.client_of(server.url), ids["run"])


def test_names_that_are_not_allowed_are_refused_with_reasons(server, importing, source):
    uri, mlruns, ids = source
    with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
        database.execute("UPDATE runs SET name = 'a\u202eb' WHERE run_uuid = ?", [ids["run"]])
    report = importing.run("--from", uri, "--artifacts", mlruns, code=5)
    [refused] = report["refused"]
    assert refused["id"] == ids["run"] and "run name" in refused["what"], refused
    assert report["kinds"]["run"]["created"] == report["kinds"]["run"]["source"] - 1


def test_sources_that_are_not_mlflow_are_refused(importing, tmp_path, source):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE t (x)")
    assert "is not a database of an MLflow tracking server" in str(importing.run("--from", f"sqlite:///{other}", code=1))
    assert "cannot open" in str(importing.run("--from", "sqlite:////nowhere/mlflow.db", code=1))
    assert "give the URL of the MLflow server" in str(importing.run("--from", "mysql+pymysql://h/db", code=2))
    uri, mlruns, _ = source
    with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    assert "is newer than this program knows" in str(importing.run("--from", uri, "--artifacts", mlruns, code=1))
    assert importing.run("--from", uri, "--artifacts", mlruns, "--any-schema")["ok"]


def test_models_and_prompts_read_the_same(server, importing, filled):
    _, uri, ids = filled
    report = importing.run("--from", uri)
    assert report["ok"], report
    there, here = world.client_of(uri), world.client_of(server.url)
    assert world.see_registry(here) == world.see_registry(there)
    assert report["kinds"]["version"]["created"] == 5 and report["kinds"]["pointer"]["created"] == 4, report["kinds"]
    # The next version gets the next number, and deleted numbers stay unused.
    made = here.create_model_version("loan-risk", f"runs:/{ids['run']}/notes", run_id=ids["run"])
    assert int(made.version) == 4


def test_a_protected_alias_goes_through_the_gate(server, importing, filled):
    _, uri, _ = filled
    policy = 'package regesta.gate\n\ndeny contains {"code": "never", "msg": "nothing moves here"} if true\n'
    made = requests.post(f"{server.url}/api/v1/policies/never", json={
        "modules": [{"name": "gate.rego", "text": policy}]})
    assert made.ok, made.text
    bound = requests.post(f"{server.url}/api/v1/policies/bindings", json={
        "kind": "model", "name_pattern": "*", "pointer": "production", "policy": "never"})
    assert bound.ok, bound.text
    report = importing.run("--from", uri, code=5)
    [refused] = report["refused"]
    assert refused["kind"] == "pointer" and "nothing moves here" in refused["what"], refused
    assert world.client_of(server.url).get_registered_model("loan-risk").aliases == {"champion": "3"}


def test_an_alias_that_was_moved_here_stays(server, importing, source):
    uri, mlruns, _ = source
    importing.run("--from", uri, "--artifacts", mlruns)
    here, there = world.client_of(server.url), world.client_of(uri)
    here.set_registered_model_alias("loan-risk", "production", "3")
    importing.run("--from", uri, "--artifacts", mlruns)
    there.set_registered_model_alias("loan-risk", "champion", "1")
    report = importing.run("--from", uri, "--artifacts", mlruns)
    assert report["kinds"]["pointer"]["updated"] == 1
    aliases = here.get_registered_model("loan-risk").aliases
    assert aliases == {"production": "3", "champion": "1"}


def test_only_administrators_import(server, filled):
    from conftest import Import
    _, uri, _ = filled
    requests.post(f"{server.url}/api/v1/users",
                  json={"name": "root", "password": "correct horse battery"}).raise_for_status()
    auth = ("root", "correct horse battery")
    token = requests.post(f"{server.url}/api/v1/tokens", auth=auth, json={
        "name": "ci", "grants": [{"role": "contributor"}]})
    assert token.ok, token.text
    Import(server, token.json()["token"]).run("--from", uri, code=3)
