"""The unmodified mlflow client with multipart uploads and downloads of the artifact proxy."""

import hashlib
import os

import mlflow
import pytest
import requests

MIB = 1024 * 1024


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "0")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(MIB))


@pytest.fixture
def sent(monkeypatch):
    """Method, path and status of what the client requests."""
    requested = []
    send = requests.Session.send

    def note(session, request, **options):
        answer = send(session, request, **options)
        requested.append((request.method, request.path_url.split("?")[0].removeprefix("/api/2.0/mlflow-artifacts/"), answer.status_code))
        return answer

    monkeypatch.setattr(requests.Session, "send", note)
    return requested


def begin(tracking, path="77/x/artifacts", **members):
    body = {"path": "C:\\anna\\big.bin", "num_parts": 2, **members}
    return requests.post(f"{tracking}/api/2.0/mlflow-artifacts/mpu/create/{path}", json=body)


def begin_file(tracking, file):
    return requests.post(f"{tracking}/api/2.0/mlflow-artifacts/mpu/create/77/names", json={"path": file, "num_parts": 1})


def end(tracking, verb, upload, parts=(), path="77/x/artifacts", **members):
    body = {"path": "C:\\anna\\big.bin", "upload_id": upload["upload_id"], "parts": list(parts), **members}
    return requests.post(f"{tracking}/api/2.0/mlflow-artifacts/mpu/{verb}/{path}", json=body)


def put(upload, number, content):
    answer = requests.put(upload["credentials"][number - 1]["url"], data=content)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    return {"part_number": number, "etag": answer.headers["ETag"], "url": upload["credentials"][number - 1]["url"]}


def read(tracking, path="77/x/artifacts/big.bin"):
    return requests.get(f"{tracking}/api/2.0/mlflow-artifacts/artifacts/{path}")


def test_a_big_file_goes_up_in_parts_and_comes_down_in_ranges(client, name, tmp_path, parts, sent):
    big = os.urandom(5 * MIB + 17)
    (tmp_path / "model.bin").write_bytes(big)
    (tmp_path / "empty.txt").write_bytes(b"")
    with mlflow.start_run(experiment_id=client.create_experiment(name)) as run:
        mlflow.log_artifact(str(tmp_path / "model.bin"), "a model")
        mlflow.log_artifact(str(tmp_path / "empty.txt"))
    uploads = [(method, path.split("/")[1]) for method, path, status in sent if path.startswith("mpu/") and status == 200]
    assert uploads.count(("POST", "create")) == uploads.count(("POST", "complete")) == 2, sent
    assert uploads.count(("PUT", "part")) == 7 and ("POST", "abort") not in uploads, sent
    assert not [path for method, path, _ in sent if method == "PUT" and path.startswith("artifacts/")]

    folder = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, dst_path=str(tmp_path / "down"))
    assert open(f"{folder}/a model/model.bin", "rb").read() == big
    assert open(f"{folder}/empty.txt", "rb").read() == b""
    ranges = [status for method, path, status in sent if path.startswith("signed/")]
    assert ranges.count(206) == 6, sent


def test_the_file_appears_when_the_upload_is_complete_and_a_repetition_changes_nothing(tracking):
    upload = begin(tracking).json()
    assert [one["part_number"] for one in upload["credentials"]] == [1, 2]
    chosen = [put(upload, 1, b"one"), put(upload, 2, b"wrong"), put(upload, 2, b"two")][::2]
    assert read(tracking).status_code == 404
    assert end(tracking, "complete", upload, chosen).json() == {}
    assert read(tracking).content == b"onetwo"
    assert end(tracking, "complete", upload, chosen).json() == {}
    assert end(tracking, "complete", upload, chosen[:1]).status_code == 404
    assert requests.put(upload["credentials"][0]["url"], data=b"late").status_code == 404
    assert end(tracking, "abort", upload).status_code == 404
    assert read(tracking).content == b"onetwo"


def test_what_does_not_fit_together_is_refused(tracking):
    upload = begin(tracking, num_parts=3).json()
    one, two = put(upload, 1, b"1"), put(upload, 2, b"2")
    for chosen in ([two, one], [one, one], [one, {**two, "part_number": 3}], [one, {**two, "etag": one["etag"]}]):
        answer = end(tracking, "complete", upload, chosen)
        assert answer.status_code == 400 and "part" in answer.json()["message"], answer.text
    assert end(tracking, "complete", upload, [one], path="77/y/artifacts").status_code == 404
    assert end(tracking, "complete", {"upload_id": "no such"}, [one]).status_code == 404
    for number in ("0", "10001", "x"):
        url = upload["credentials"][0]["url"].replace("/part/1?", f"/part/{number}?")
        assert requests.put(url, data=b"x").status_code == 400, number
    for count in (-1, 10_001):
        assert begin(tracking, num_parts=count).status_code == 400
    for path in ("a/..", "a\x00b", ""):
        assert begin_file(tracking, path).status_code == 400, path
    assert end(tracking, "abort", upload).json() == {}
    assert requests.put(upload["credentials"][0]["url"], data=b"1").status_code == 404
    assert end(tracking, "complete", upload, [one]).status_code == 404


@pytest.mark.parametrize("place, name", [("C:\\Users\\anna\\w.bin", "w.bin"), ("./x/l.bin", "l.bin"), ("plain.bin", "plain.bin")])
def test_the_file_has_its_name_on_the_clients_disk(tracking, place, name):
    upload = begin_file(tracking, place).json()
    body = {"path": place, "upload_id": upload["upload_id"], "parts": [put(upload, 1, b"x")]}
    assert requests.post(f"{tracking}/api/2.0/mlflow-artifacts/mpu/complete/77/names", json=body).json() == {}
    assert read(tracking, f"77/names/{name}").content == b"x"
