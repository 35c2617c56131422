"""Seals, the ledger, quotas and garbage collection hold for S3 clients as for everybody; what was acknowledged survives a kill."""

import hashlib
import os
import sqlite3
import subprocess
import threading
import time
import urllib.request

import mlflow
import pytest
from botocore.exceptions import ClientError

from conftest import MIB, Office, Person, api
from regesta_server import Server, binary

DAY = 24 * 3600 * 1000


def code(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    return "", ""


def registered(server, token, name):
    """A run in an experiment of this name: how to call MLflow's API, the run, and the folder of its artifacts."""
    post = lambda path, body: api(server, "POST", f"/api/2.0/mlflow/{path}", body, token)
    experiment = post("experiments/create", {"name": name})["experiment_id"]
    run = post("runs/create", {"experiment_id": experiment, "start_time": 1})["run"]["info"]
    return post, run, run["artifact_uri"].split(":/", 1)[1].lstrip("/")


def writers(office, path):
    with sqlite3.connect(os.path.join(office.server.data, "regesta.db")) as database:
        return database.execute("SELECT written_by FROM tree_file WHERE path = ?", (path,)).fetchone()[0].split("\n")


def test_the_writer_of_a_copied_object_is_still_its_writer(office):
    """Four eyes: whoever wrote the bytes is an author of what is made of them, also if somebody else copies them."""
    office.boss.s3().put_object(Bucket="default", Key="from-boss", Body=b"x" * 5 * MIB)
    s3 = office.carl.s3()
    s3.copy_object(Bucket="default", Key="copied", CopySource="default/from-boss")
    s3.copy_object(Bucket="default", Key="copied-again", CopySource="default/copied")
    joined = {"Bucket": "default", "Key": "joined"}
    upload = s3.create_multipart_upload(**joined)["UploadId"]
    first = s3.upload_part_copy(**joined, UploadId=upload, PartNumber=1, CopySource="default/from-boss")["CopyPartResult"]["ETag"]
    second = s3.upload_part(**joined, UploadId=upload, PartNumber=2, Body=b"y")["ETag"]
    s3.complete_multipart_upload(**joined, UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]})
    s3.put_object(Bucket="default", Key="own", Body=b"mine")
    assert writers(office, "copied") == writers(office, "copied-again") == writers(office, "joined") == ["token:boss", "token:carl"]
    assert writers(office, "own") == ["token:carl"]


def test_sealed_files_neither_change_nor_go(office):
    post, run, folder = registered(office.server, office.carl.token, "loans")
    s3 = office.carl.s3()
    s3.put_object(Bucket="default", Key=f"{folder}/model/weights", Body=b"weights", Metadata={"k": "v"})
    post("registered-models/create", {"name": "risk"})
    made = post("model-versions/create", {"name": "risk", "source": f"s3://default/{folder}/model", "run_id": run["run_id"]})["model_version"]
    assert made["status"] == "READY"
    files = office.root("GET", "/api/v1/assets/model/risk/versions/1/files")["items"]
    assert [one["digest"] for one in files] == [hashlib.sha256(b"weights").hexdigest()]
    key = {"Bucket": "default", "Key": f"{folder}/model/weights"}
    for call in (lambda: s3.put_object(**key, Body=b"other"), lambda: s3.put_object(**key, Body=b"weights", Metadata={"k": "w"}),
                 lambda: s3.delete_object(**key), lambda: s3.put_object(Bucket="default", Key=f"{folder}/model/more", Body=b"x"),
                 lambda: s3.copy_object(**key, CopySource=f"default/{folder}/model/weights", MetadataDirective="REPLACE")):
        name, why = code(call)
        assert name == "AccessDenied" and "sealed" in why, (name, why)
    gone = s3.delete_objects(Bucket="default", Delete={"Objects": [{"Key": key["Key"]}, {"Key": "loose-nothing"}]})
    assert gone["Errors"][0]["Code"] == "AccessDenied" and "sealed" in gone["Errors"][0]["Message"] and len(gone["Deleted"]) == 1
    upload = s3.create_multipart_upload(**key)["UploadId"]
    etag = s3.upload_part(**key, UploadId=upload, PartNumber=1, Body=b"other")["ETag"]
    assert code(lambda: s3.complete_multipart_upload(**key, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}))[0] == "AccessDenied"
    s3.put_object(**key, Body=b"weights", Metadata={"k": "v"})  # the same once more: an answer may have been lost
    assert s3.get_object(**key)["Body"].read() == b"weights"


def test_a_change_of_a_sealed_runs_file_is_in_the_ledger(office):
    post, run, folder = registered(office.server, office.carl.token, "sealed-run")
    s3 = office.carl.s3()
    s3.put_object(Bucket="default", Key=f"{folder}/report.txt", Body=b"one")
    post("runs/update", {"run_id": run["run_id"], "status": "FINISHED", "end_time": 2})
    s3.put_object(Bucket="default", Key=f"{folder}/report.txt", Body=b"two")
    s3.delete_object(Bucket="default", Key=f"{folder}/report.txt")
    deadline = time.time() + 60
    while len(found := office.root("GET", "/api/v1/ledger/entries?action=run.artifact-changed")["items"]) < 2 and time.time() < deadline:
        time.sleep(0.05)  # entries are numbered a moment after their commit
    digest = lambda text: hashlib.sha256(text).hexdigest()
    changes = [(one["body"]["actor"], one["body"]["data"]["previous"], one["body"]["data"]["digest"]) for one in found]
    assert sorted(changes) == sorted([("token:carl", digest(b"one"), digest(b"two")), ("token:carl", digest(b"two"), "")])


def test_mlflow_with_an_s3_artifact_root(tmp_path, monkeypatch):
    server = Server(tmp_path / "data", "--default-artifact-root", "s3://default/mlflow").start()
    try:
        office = Office(server)
        for name, value in (("MLFLOW_S3_ENDPOINT_URL", f"{server.url}/s3"), ("AWS_ACCESS_KEY_ID", office.carl.key), ("AWS_SECRET_ACCESS_KEY", office.carl.secret),
                            ("AWS_DEFAULT_REGION", "us-east-1"), ("MLFLOW_TRACKING_TOKEN", office.carl.token), ("MLFLOW_DISABLE_TELEMETRY", "true")):
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        client = mlflow.MlflowClient(server.url)
        experiment = client.create_experiment("loans")
        own = client.create_experiment("own", artifact_location="s3://default/teams/own")
        for one in (experiment, own):
            run = client.create_run(one)
            assert run.info.artifact_uri.startswith("s3://default/")
            (tmp_path / "model").mkdir(exist_ok=True)
            (tmp_path / "model" / "MLmodel").write_text("flavors: {}\n")
            (tmp_path / "model" / "big.bin").write_bytes(os.urandom(9 * MIB))
            client.log_artifacts(run.info.run_id, str(tmp_path / "model"), "model")
            assert {item.path for item in client.list_artifacts(run.info.run_id, "model")} == {"model/MLmodel", "model/big.bin"}
            back = client.download_artifacts(run.info.run_id, "model", str(tmp_path))
            assert subprocess.run(["diff", "-r", tmp_path / "model", back]).returncode == 0
            # The web UI reads the same files through the server.
            request = urllib.request.Request(f"{server.url}/get-artifact?run_id={run.info.run_id}&path=model/MLmodel", headers={"Authorization": f"Bearer {office.carl.token}"})
            assert urllib.request.urlopen(request).read() == b"flavors: {}\n"
            client.set_terminated(run.info.run_id)
        client.create_registered_model("risk")
        version = client.create_model_version("risk", f"{run.info.artifact_uri}/model", run.info.run_id)
        files = office.root("GET", f"/api/v1/assets/model/risk/versions/{version.version}/files")["items"]
        assert sorted(one["path"] for one in files) == ["MLmodel", "big.bin"]
        path = run.info.artifact_uri.removeprefix("s3://default/")
        assert code(lambda: office.carl.s3().delete_object(Bucket="default", Key=f"{path}/model/MLmodel"))[0] == "AccessDenied"
        # nina reads her experiment only, whichever way.
        assert code(lambda: office.nina.s3().get_object(Bucket="default", Key=f"{path}/model/MLmodel"))[0] == "AccessDenied"
        client.create_experiment("nina-x", artifact_location="s3://default/teams/nina")
        office.nina.s3().put_object(Bucket="default", Key="teams/nina/file", Body=b"x")
    finally:
        assert server.stop() == 0, server.log()[-4000:]


def test_quota(tmp_path):
    server = Server(tmp_path / "data", environment={"REGESTA_QUOTA_WORKSPACE_BYTES": str(20 * MIB)}).start()
    try:
        s3 = Person(server).s3()
        s3.put_object(Bucket="default", Key="a", Body=os.urandom(4 * MIB))
        name, why = code(lambda: s3.put_object(Bucket="default", Key="b", Body=os.urandom(17 * MIB)))
        assert name == "QuotaExceeded" and "quota" in why
        upload = s3.create_multipart_upload(Bucket="default", Key="c")["UploadId"]
        part = lambda number: s3.upload_part(Bucket="default", Key="c", UploadId=upload, PartNumber=number, Body=os.urandom(7 * MIB))["ETag"]
        etags = [part(1), part(2)]
        assert code(lambda: part(3))[0] == "QuotaExceeded"  # parts count
        s3.complete_multipart_upload(Bucket="default", Key="c", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": i + 1, "ETag": etags[i]} for i in range(2)]})
        assert s3.head_object(Bucket="default", Key="c")["ContentLength"] == 14 * MIB  # and no longer, once they are a file
    finally:
        assert server.stop() == 0, server.log()[-4000:]


def collect(server):
    """regesta blob gc: the first call condemns what nothing refers to, the second removes it, a week later each."""
    for _ in range(2):
        server.stop()
        with sqlite3.connect(server.data + "/regesta.db") as database:
            for column in ("touched_at", "condemned_at"):
                database.execute(f"UPDATE blob_object SET {column} = {column} - ? WHERE {column} <> 0", (8 * DAY,))
        server.start(server.port)
        got = subprocess.run([binary(), "blob", "gc", "--json"], capture_output=True, text=True, env=os.environ | {"REGESTA_URL": server.url})
        assert got.returncode == 0, got.stdout + got.stderr
    with sqlite3.connect(server.data + "/regesta.db") as database:
        return {digest for digest, in database.execute("SELECT digest FROM blob_object")}


def test_collection_keeps_parts_and_takes_abandoned_uploads(server):
    s3 = Person(server).s3()
    content, old = [os.urandom(5 * MIB), os.urandom(MIB)], os.urandom(MIB)
    digest = lambda text: hashlib.sha256(text).hexdigest()
    begin = lambda key: s3.create_multipart_upload(Bucket="default", Key=key)["UploadId"]
    part = lambda key, upload, number, body: s3.upload_part(Bucket="default", Key=key, UploadId=upload, PartNumber=number, Body=body)["ETag"]
    upload, abandoned, aborted = begin("kept"), begin("abandoned"), begin("aborted")
    etags = [part("kept", upload, 1, content[0])]
    part("abandoned", abandoned, 1, old)
    part("aborted", aborted, 1, b"aborted")
    s3.abort_multipart_upload(Bucket="default", Key="aborted", UploadId=aborted)
    s3.put_object(Bucket="default", Key="gone", Body=b"gone")
    s3.delete_object(Bucket="default", Key="gone")
    assert collect(server) == {digest(content[0]), digest(old)}  # uploads of less than a week are under way
    etags.append(part("kept", upload, 2, content[1]))
    s3.complete_multipart_upload(Bucket="default", Key="kept", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": i + 1, "ETag": etags[i]} for i in range(2)]})
    server.stop()
    with sqlite3.connect(server.data + "/regesta.db") as database:
        assert database.execute("UPDATE part_upload SET created_at = created_at - ? WHERE id = ?", (8 * DAY, abandoned)).rowcount == 1
    server.start(server.port)
    assert collect(server) == {digest(b"".join(content))}
    assert s3.get_object(Bucket="default", Key="kept")["Body"].read() == b"".join(content)
    assert code(lambda: s3.list_parts(Bucket="default", Key="abandoned", UploadId=abandoned))[0] == "NoSuchUpload"


def test_a_forged_part_is_not_taken(server):
    """The digest of a part is changed by SQL to that of other stored bytes."""
    s3 = Person(server).s3()
    s3.put_object(Bucket="default", Key="secret", Body=b"secret")
    upload = s3.create_multipart_upload(Bucket="default", Key="mine")["UploadId"]
    etag = s3.upload_part(Bucket="default", Key="mine", UploadId=upload, PartNumber=1, Body=b"public")["ETag"]
    server.stop()
    with sqlite3.connect(server.data + "/regesta.db") as database:
        database.execute("UPDATE upload_part SET digest = ?", (hashlib.sha256(b"secret").hexdigest(),))
    server.start()
    s3 = Person(server).s3()
    complete = lambda: s3.complete_multipart_upload(Bucket="default", Key="mine", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert code(complete)[0] == "InternalError"
    assert code(lambda: s3.get_object(Bucket="default", Key="mine"))[0] == "NoSuchKey"


def test_two_uploads_of_one_key_at_once(anybody):
    contents = [os.urandom(11 * MIB) for _ in range(2)]

    def upload(content):
        import io
        anybody.s3().upload_fileobj(io.BytesIO(content), "default", "both")

    threads = [threading.Thread(target=upload, args=(content,)) for content in contents]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert anybody.s3().get_object(Bucket="default", Key="both")["Body"].read() in contents


@pytest.mark.parametrize("when", ["between parts", "in a part"])
def test_a_kill_loses_nothing_that_was_acknowledged(server, when):
    s3 = Person(server).s3()
    content = [os.urandom(5 * MIB), os.urandom(5 * MIB), b"rest"]
    s3.put_object(Bucket="default", Key="before", Body=b"before")
    upload = s3.create_multipart_upload(Bucket="default", Key="big", Metadata={"k": "v"})["UploadId"]
    part = lambda number: Person(server).s3().upload_part(Bucket="default", Key="big", UploadId=upload, PartNumber=number, Body=content[number - 1])["ETag"]
    etags = {1: part(1), 2: part(2)}
    if when == "in a part":
        thread = threading.Thread(target=lambda: code(lambda: pytest.raises(Exception, part, 3)))  # noqa: B017  any failure will do
        thread.start()
    server.kill()
    if when == "in a part":
        thread.join()
    server.start(server.port)
    s3 = Person(server).s3()
    assert s3.get_object(Bucket="default", Key="before")["Body"].read() == b"before"
    assert code(lambda: s3.head_object(Bucket="default", Key="big"))[0] == "404"
    assert {one["PartNumber"] for one in s3.list_parts(Bucket="default", Key="big", UploadId=upload)["Parts"]} >= {1, 2}
    etags[3] = part(3)
    s3.complete_multipart_upload(Bucket="default", Key="big", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": n, "ETag": etags[n]} for n in (1, 2, 3)]})
    server.kill()
    server.start(server.port)
    got = Person(server).s3().get_object(Bucket="default", Key="big")
    assert got["Body"].read() == b"".join(content) and got["Metadata"] == {"k": "v"}
