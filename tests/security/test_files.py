"""Attacks through files: late, swapped, shared and other people's files, whatever the door and the spelling."""

import hashlib
import pathlib
import sqlite3
import subprocess
import uuid

import pytest

from artifacts import ART, MLFLOW, experiment, model, promote, put, run, secret, served, version  # noqa: F401

WEST = {"X-Regesta-Workspace": "west"}
ALLOW = 'package regesta.gate\nwarn contains "looked at"\n'


# --- A2: files that arrive after approval

def spellings(path):
    """Ways to write one folder of the tree."""
    coded = path.replace("artifacts", "art%69facts")
    return [f"mlflow-artifacts:/{path}", f"mlflow-artifacts://elsewhere:1/{path}", f"MLFLOW-Artifacts:/{path}",
            f"mlflow-artifacts:/{coded}", f"mlflow-artifacts:///{path.replace('/', '//')}",
            f"http://any-host{ART}/{path}", f"https://any-host/prefix{ART}/{path}", f"HTTP://Any{ART}/{coded}",
            f"http://any-host/ajax-api/2.0/mlflow-artifacts/artifacts/{path}",
            f"http://any-host/API/2.0/MLflow-Artifacts/artifacts/{path}", f"http://any-host{ART.replace('mlflow-a', 'mlflow%2da')}/{path}",
            f"http://any-host/api/2.0/mlflow-artifacts/presigned/{path}", f"http://any-host/s3/default/{path}",
            f"http://any-host/prefix/S3/default/{path}", f"s3://default/{path}"]


@pytest.mark.parametrize("front", ["mlflow", "native"])
def test_files_of_a_version_cannot_be_swapped_whatever_its_source_is_spelled_like(house, front):
    """Register a good model under an odd spelling of its folder, then put a bad one there."""
    exp = experiment(house.carl, "swap")
    for i in range(len(spellings("x"))):
        info = run(house.carl, exp)
        folder = f"{exp}/{info['run_id']}/artifacts/model"
        assert put(house.carl, f"{folder}/model.bin", b"good").status == 200
        name = f"swap-{front}-{i}"
        model(house.carl, name)
        source = spellings(folder)[i]
        if front == "mlflow":
            made = version(house.carl, name, source)
            if source.lower().startswith("http"):
                assert made.status == 400, "MLflow's server takes no source on a host"
                continue
        else:
            made = house.carl.post(f"/api/v1/assets/model/{name}/versions", {"source": source})
        assert made.status in (200, 201), (source, made)
        late = put(house.carl, f"{folder}/model.bin", b"evil")
        assert late.status == 400 and "sealed" in late.text and "new version" in late.text, (source, late)
        assert put(house.carl, f"{folder}/extra.py", b"evil").status == 400, source
        assert house.carl.call("DELETE", f"{ART}/{folder}").status == 400, source
        assert served(house.carl, name, 1, "model.bin").body == b"good", source
        uri = house.carl.ok("GET", f"{MLFLOW}/model-versions/get-download-uri?name={name}&version=1")["artifact_uri"]
        assert uri == f"mlflow-artifacts:/{folder}", "clients must not be led to another host or folder"


@pytest.mark.parametrize("source", ["mlflow-artifacts:/{}/art%2569facts", "http://h/api/2.0/mlflow-artifacts/artifacts/{}/%2541",
                                    "mlflow-artifacts:/{}/%zz", "mlflow-artifacts:/{}/a%5cb", "http://h" + ART + "/{}/%2e%2e/x"])
def test_ambiguous_spellings_are_refused(house, source):
    """A path that can be decoded twice is one place for the checker and another for the client."""
    exp = experiment(house.carl, "odd")
    model(house.carl, "odd")
    assert version(house.carl, "odd", source.format(exp)).status == 400
    assert house.carl.post("/api/v1/assets/model/odd/versions", {"source": source.format(exp)}).status == 400


def test_a_page_that_gives_one_file_is_no_source(house):
    """Name the files by a page of this server, whose query says which: they would count as content elsewhere."""
    info = run(house.carl, experiment(house.carl, "pages"))
    model(house.carl, "pages")
    for page in (f"get-artifact?run_id={info['run_id']}&path=model", "model-versions/Get-Artifact?name=pages&version=1"):
        answer = version(house.carl, "pages", f"{house.server.url}/{page}")
        assert answer.status == 400 and "mlflow-artifacts:/" in answer.text, answer


@pytest.mark.parametrize("how", ["run folder", "runs:/", "logged model", "native"])
def test_files_that_come_after_approval_are_refused_and_an_empty_version_passes_no_gate(house, how):
    """Register an empty folder, get it approved, then upload the files."""
    exp = experiment(house.carl, "late")
    info = run(house.carl, exp)
    folder = f"{exp}/{info['run_id']}/artifacts/model"
    model(house.carl, "late")
    house.guard("model/late#production", ALLOW)
    if how == "logged model":
        logged = house.carl.ok("POST", f"{MLFLOW}/logged-models", {"experiment_id": exp, "name": "m"})["model"]["info"]
        folder = logged["artifact_uri"].removeprefix("mlflow-artifacts:/")
        made = version(house.carl, "late", f"models:/{logged['model_id']}", model_id=logged["model_id"])
    elif how == "native":
        made = house.carl.post("/api/v1/assets/model/late/versions", {"source": f"mlflow-artifacts:/{folder}"})
    else:
        made = version(house.carl, "late", f"runs:/{info['run_id']}/model" if how == "runs:/" else f"mlflow-artifacts:/{folder}")
    assert made.status in (200, 201), made
    shown = house.carl.ok("GET", "/api/v1/assets/model/late/versions/1")
    assert shown["content_state"] == "missing" and shown["digest"] == hashlib.sha256(b"").hexdigest()
    moved = promote(house.carl, "late", 1)
    assert moved.status == 403 and "no files" in moved.text, moved
    late = put(house.carl, f"{folder}/model.bin", b"evil")
    assert late.status == 400 and "sealed" in late.text
    assert served(house.carl, "late", 1, "model.bin").status == 404


def test_the_refusal_of_missing_content_replays(house):
    """What the built-in policy decided is stored with the decision and can be computed again."""
    exp = experiment(house.carl, "late")
    info = run(house.carl, exp)
    model(house.carl, "late")
    house.guard("model/late#production", ALLOW)
    version(house.carl, "late", f"runs:/{info['run_id']}/model")
    assert promote(house.carl, "late", 1).status == 403
    decision = house.carl.ok("GET", "/api/v1/decisions?kind=model&name=late")["items"][0]["digest"]
    assert house.carl.ok("POST", f"/api/v1/decisions/{decision}/replay", {})["same"] is True


def test_a_version_whose_run_does_not_exist_passes_no_gate(house):
    """The run of runs:/… may come later: what is not there cannot be approved."""
    model(house.carl, "late")
    house.guard("model/late#production", ALLOW)
    assert version(house.carl, "late", f"runs:/{uuid.uuid4().hex}/model").status == 200
    assert promote(house.carl, "late", 1).status == 403


@pytest.mark.parametrize("source", ["mlflow-artifacts:/late", "s3://default/late"])
def test_an_empty_folder_of_no_run_passes_no_gate_by_any_door(house, source):
    """The same folder as S3 clients name it: its files can be sent after approval."""
    model(house.carl, "late")
    house.guard("model/late#production", ALLOW)
    assert version(house.carl, "late", source).status == 200
    assert house.carl.ok("GET", "/api/v1/assets/model/late/versions/1")["content_state"] == "missing"
    moved = promote(house.carl, "late", 1)
    assert moved.status == 403 and "no files" in moved.text, moved


def test_a_source_in_an_experiment_that_does_not_exist_yet_is_refused(house):
    """Reserve the folder of an experiment to come, whose owner will be somebody else."""
    model(house.carl, "future")
    for source in (f"mlflow-artifacts:/77/{uuid.uuid4().hex}/artifacts", "mlflow-artifacts://h/77"):
        answer = version(house.carl, "future", source)
        assert answer.status == 400 and "does not exist" in answer.text, answer


def test_policies_can_refuse_content_that_is_elsewhere(house):
    """Content at s3://… may change unnoticed, so the policy input says that it is not stored here."""
    model(house.carl, "far")
    house.guard("model/far#production", """package regesta.gate
deny contains {"code": "far", "msg": "not stored here"} if not input.candidate.content.stored
""")
    assert version(house.carl, "far", "s3://bucket/model").status == 200
    answer = promote(house.carl, "far", 1)
    assert answer.status == 403 and "not stored here" in answer.text
    assert house.carl.ok("GET", "/api/v1/assets/model/far/versions/1")["content_state"] == "elsewhere"


# --- F: parent folders, and seals that nobody can take away

def test_a_parent_folder_cannot_be_sealed_for_everybody(house):
    """A version of the experiment's folder would stop everybody who logs into it."""
    exp = experiment(house.carl, "shared")
    info = run(house.carl, exp)
    assert put(house.carl, f"{exp}/{info['run_id']}/artifacts/model/a", b"a").status == 200
    model(house.dora, "grab")
    for source in (f"mlflow-artifacts:/{exp}", "mlflow-artifacts:/", f"http://h{ART}/{exp}/", f"mlflow-artifacts:/{exp}/models"):
        answer = version(house.dora, "grab", source)
        assert answer.status == 400 or house.dora.ok("GET", "/api/v1/assets/model/grab/versions/latest")["content_state"] == "missing"
    assert put(house.carl, f"{exp}/{info['run_id']}/artifacts/model/b", b"b").status == 200
    other = run(house.carl, exp)
    assert put(house.carl, f"{exp}/{other['run_id']}/artifacts/x", b"x").status == 200


def test_a_seal_goes_with_the_last_version_of_its_folder(house):
    """Sealing somebody's folder and deleting the version must not leave it sealed for ever."""
    exp = experiment(house.carl, "seals")
    info = run(house.carl, exp)
    folder = f"{exp}/{info['run_id']}/artifacts/model"
    assert put(house.carl, f"{folder}/a", b"a").status == 200
    model(house.carl, "one")
    model(house.carl, "two")
    for name in ("one", "two"):
        assert version(house.carl, name, f"mlflow-artifacts:/{folder}").status == 200
    house.carl.ok("DELETE", f"{MLFLOW}/model-versions/delete", {"name": "one", "version": "1"})
    assert put(house.carl, f"{folder}/a", b"b").status == 400, "the other version is still made of it"
    house.carl.ok("DELETE", f"{MLFLOW}/registered-models/delete", {"name": "two"})
    assert put(house.carl, f"{folder}/a", b"b").status == 200


# --- C12: other people's artifacts

@pytest.mark.parametrize("prefix", [ART, "/ajax-api/2.0/mlflow-artifacts/artifacts"])
def test_artifacts_below_a_custom_location_belong_to_their_experiment(house, secret, prefix):
    """Read, overwrite, delete and list what lies under somebody else's artifact_location."""
    assert house.nina.get(f"{prefix}/{secret['path']}").status == 403
    assert house.nina.get(f"{prefix}/{secret['path'].replace('vault', 'v%61ult')}").status == 403
    assert put(house.nina, secret["path"], b"mine", prefix).status == 403
    assert put(house.nina, secret["folder"] + "/new", b"mine", prefix).status == 403
    assert house.nina.call("DELETE", f"{prefix}/{secret['path']}").status == 403
    assert house.nina.call("DELETE", f"{prefix}/vault").status == 403
    for folder in ("vault", secret["folder"]):
        assert house.nina.get(f"{prefix}?path={folder}").status == 403
    root = house.nina.get(f"{prefix}?path=")
    assert "vault" not in root.text
    assert house.carl.get(f"{prefix}/{secret['path']}").body == b"top secret"


def test_paths_without_an_owner_are_for_callers_without_restriction(house, secret):
    """Whoever may only use nina-* gets no part of the tree that no experiment of hers has."""
    assert put(house.carl, "loose/x", b"x").status == 200
    assert house.nina.get(f"{ART}/loose/x").status == 403
    assert put(house.nina, "loose/y", b"y").status == 403
    assert put(house.nina, "99/y", b"y").status == 403


@pytest.mark.parametrize("source", ["mlflow-artifacts:/{folder}", "http://h" + ART + "/{folder}", "runs:/{run}/model", "RUNS:/{run}/model",
                                    "HTTPS://h/ajax-api/2.0/mlflow-artifacts/artifacts/v%61ult/{run}/artifacts/model", "mlflow-artifacts:/vault"])
def test_a_version_of_ones_own_does_not_open_other_peoples_files(house, secret, source):
    """Register somebody else's folder as one's own version and download through that."""
    source = source.format(**secret)
    for made in (version(house.nina, "nina-m", source), house.nina.post("/api/v1/assets/model/nina-m/versions", {"source": source})):
        refused_host = source.lower().startswith("http") and made.status == 400 and "cannot use" in made.text
        assert made.status in (403, 404) or refused_host, made
        assert "secret" not in made.text
    for path in ("weights", "model/weights"):
        assert house.nina.get(f"/model-versions/get-artifact?name=nina-m&version=1&path={path}").status == 404
    assert version(house.nina, "nina-m", "s3://b/x", run_id=secret["run"]).status == 404
    assert house.nina.post("/api/v1/assets/model/nina-m/versions", {"source": "s3://b/x", "run_id": secret["run"]}).status == 404


@pytest.mark.parametrize("location", ["mlflow-artifacts:/vault", "http://h" + ART + "/vault/x", "mlflow-artifacts:/", "MLFLOW-ARTIFACTS:/v%61ult",
                                      "mlflow-artifacts:/0", "mlflow-artifacts:/12345", "mlflow-artifacts:/12345/deep"])
def test_an_experiment_cannot_be_placed_on_somebody_elses_files(house, secret, location):
    """artifact_location inside, above or in the future place of another experiment makes its files mine."""
    made = house.nina.post(f"{MLFLOW}/experiments/create", {"name": "nina-e", "artifact_location": location})
    assert made.status in (400, 403), made
    assert house.nina.get(f"{ART}/{secret['path']}").status == 403


def test_an_experiment_of_ones_own_still_works(house):
    """The rules above leave a restricted caller what is hers."""
    exp = experiment(house.nina, "nina-e", artifact_location="mlflow-artifacts:/nina-files")
    info = run(house.nina, exp)
    path = f"nina-files/{info['run_id']}/artifacts/model/m"
    assert put(house.nina, path, b"hers").status == 200
    assert house.nina.get(f"{ART}/{path}").body == b"hers"
    assert [f["path"] for f in house.nina.ok("GET", f"{ART}?path=")["files"]] == ["nina-files"]
    model(house.nina, "nina-m")
    assert version(house.nina, "nina-m", f"runs:/{info['run_id']}/model", run_id=info["run_id"]).status == 200
    assert served(house.nina, "nina-m", 1, "m").body == b"hers"
    assert house.dora.get(f"{ART}/{path}").status == 200


# --- C11: blobs by their digest

def test_a_git_pack_is_no_blob_to_download(house, tmp_path):
    """The ledger contains the digest of every pack, and a pack contains all prompts of a workspace."""
    house.carl.prompt("hidden-prompt", "the hidden text")
    url = house.server.url.replace("http://", "http://carl:a%20long%20password@")
    env = {"GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0"}
    clone = tmp_path / "prompts"
    subprocess.run(["git", "clone", "-q", f"{url}/git/prompts.git", str(clone)], check=True, env=env)
    database = next(pathlib.Path(house.server.data).glob("*.db"))
    packs = [row[0] for row in sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute("SELECT digest FROM git_pack")]
    assert packs
    for digest in packs:
        for who in (house.nina, house.carl, house.root):
            assert who.get(f"/api/v1/blobs/{digest}").status == 404
        assert house.walt.get(f"/api/v1/blobs/{digest}", headers=WEST).status == 404
        model(house.carl, "packs-" + digest[:6])
        stolen = house.carl.post(f"/api/v1/assets/model/packs-{digest[:6]}/versions", {"files": [{"path": "pack", "digest": digest}]})
        assert stolen.status == 400, stolen


def test_a_digest_alone_opens_nothing(house, secret):
    """Know the digest of somebody's file (it is in the ledger), fetch it or make it a file of one's own version."""
    digest = hashlib.sha256(b"top secret").hexdigest()
    absent = hashlib.sha256(b"no such file").hexdigest()
    for who, headers in ((house.nina, {}), (house.walt, WEST)):
        hidden, missing = who.get(f"/api/v1/blobs/{digest}", headers=headers), who.get(f"/api/v1/blobs/{absent}", headers=headers)
        assert hidden.status == missing.status == 404
        assert hidden.text.replace(digest, "") == missing.text.replace(absent, "")
    mine = house.nina.post("/api/v1/assets/model/nina-m/versions", {"files": [{"path": "w", "digest": digest}]})
    assert mine.status == 400 and "PUT /api/v1/blobs" in mine.text
    assert house.carl.get(f"/api/v1/blobs/{digest}").body == b"top secret"
    made = house.nina.ok("PUT", "/api/v1/blobs", raw=b"my own")
    assert house.nina.get(f"/api/v1/blobs/{made['digest']}").body == b"my own"
    assert house.rex.get(f"/api/v1/blobs/{made['digest']}").status == 404, "nothing that he may read has it yet"
    house.nina.ok("POST", "/api/v1/assets/model/nina-m/versions", {"files": [{"path": "w", "digest": made["digest"]}]})
    assert house.rex.get(f"/api/v1/blobs/{made['digest']}").body == b"my own"


def test_deleting_a_folder_does_not_delete_what_others_keep_in_it(house):
    """Delete one's own folder, in which another experiment has its place."""
    experiment(house.carl, "inner", artifact_location="mlflow-artifacts:/nina-files/inner")
    experiment(house.carl, "nina-outer", artifact_location="mlflow-artifacts:/nina-files")
    assert put(house.carl, "nina-files/inner/x", b"x").status == 200
    assert house.nina.call("DELETE", f"{ART}/nina-files").status == 403
    assert house.nina.get(f"{ART}/nina-files/inner/x").status == 403
    assert house.carl.get(f"{ART}/nina-files/inner/x").body == b"x"


def test_places_on_the_servers_disk_are_not_shared_between_workspaces(house, tmp_path):
    """With a local artifact root, an experiment of one workspace is placed on the files of another one."""
    from conftest import House
    from regesta_server import Server
    server = Server(tmp_path / "local", "--default-artifact-root", str(tmp_path / "root")).start()
    try:
        local = House(server)
        exp = experiment(local.carl, "here")
        info = run(local.carl, exp)
        for location in (f"{tmp_path}/root/{exp}", f"file://{tmp_path}/root/{exp}/{info['run_id']}", f"{tmp_path}/root", f"FILE:{tmp_path}/root/x/../{exp}"):
            made = local.walt.call("POST", f"{MLFLOW}/experiments/create", {"name": "there", "artifact_location": location},
                                   headers={"X-MLFLOW-WORKSPACE": "west"})
            assert made.status in (400, 403), (location, made)
    finally:
        server.stop()
