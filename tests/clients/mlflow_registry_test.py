import json

import mlflow
import pytest
import requests
from mlflow.exceptions import MlflowException, RestException


def code_of(failure):
    return failure.value.error_code


def api(tracking, path):
    return f"{tracking}/api/2.0/mlflow/{path}"


def artifact(tracking, path):
    return f"{tracking}/api/2.0/mlflow-artifacts/artifacts/{path}"


def test_probes(tracking):
    assert requests.get(f"{tracking}/health").text == "OK"
    assert requests.get(f"{tracking}/version").text == "3.17.2"
    info = requests.get(f"{tracking}/api/3.0/mlflow/server-info").json()
    assert info["store_type"] == "SqlStore" and info["multipart_uploads_enabled"] is False


def test_a_model_lives_and_dies(client, name):
    made = client.create_registered_model(name, {"team": "credit", "n": 5}, "who pays back")
    assert (made.name, made.description, made.tags) == (name, "who pays back", {"team": "credit", "n": "5"})
    with pytest.raises(RestException, match=rf"Registered Model \(name={name}\) already exists") as failure:
        client.create_registered_model(name)
    assert code_of(failure) == "RESOURCE_ALREADY_EXISTS"
    client.set_registered_model_tag(name, "empty", "")
    client.delete_registered_model_tag(name, "n")
    client.delete_registered_model_tag(name, "never there")
    assert client.get_registered_model(name).tags == {"team": "credit", "empty": ""}
    client.update_registered_model(name, "changed")
    client.rename_registered_model(name, name + "-2")
    renamed = client.get_registered_model(name + "-2")
    assert (renamed.name, renamed.description) == (name + "-2", "changed")
    with pytest.raises(RestException, match=f"Registered Model with name={name} not found") as failure:
        client.get_registered_model(name)
    assert code_of(failure) == "RESOURCE_DOES_NOT_EXIST"
    client.delete_registered_model(name + "-2")
    assert client.create_registered_model(name + "-2").latest_versions == []


@pytest.mark.parametrize("bad", ["a/b", "a:b", "  ", "..", "x" * 300, "tab\there"])
def test_bad_names_are_refused(client, bad):
    with pytest.raises(MlflowException) as failure:
        client.create_registered_model(bad)
    assert code_of(failure) == "INVALID_PARAMETER_VALUE"


def test_versions_stages_and_aliases(client, name):
    client.create_registered_model(name)
    first = client.create_model_version(name, "s3://bucket/a", description="first", tags={"k": "v"})
    second = client.create_model_version(name, "s3://bucket/b")
    assert (first.version, first.status, first.current_stage, first.tags) == ("1", "READY", "None", {"k": "v"})
    assert client.get_model_version_download_uri(name, "2") == "s3://bucket/b"

    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "champion", 2)
    assert client.get_model_version_by_alias(name, "champion").version == second.version
    assert client.get_model_version_by_alias(name, "latest").version == "2"
    assert client.get_registered_model(name).aliases == {"champion": "2"}
    assert client.get_model_version(name, "2").aliases == ["champion"]
    client.delete_registered_model_alias(name, "champion")
    client.delete_registered_model_alias(name, "champion")
    with pytest.raises(RestException, match="Registered model alias champion not found") as failure:
        client.get_model_version_by_alias(name, "champion")
    assert code_of(failure) == "INVALID_PARAMETER_VALUE"
    for reserved in ("latest", "v3"):
        with pytest.raises(MlflowException, match="reserved"):
            client.set_registered_model_alias(name, reserved, "1")

    client.transition_model_version_stage(name, "1", "production")
    moved = client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    assert moved.current_stage == "Production"
    assert client.get_model_version(name, "1").current_stage == "Archived"
    assert {v.current_stage: v.version for v in client.get_latest_versions(name)} == {"Archived": "1", "Production": "2"}
    with pytest.raises(RestException, match="Invalid Model Version stage: live"):
        client.transition_model_version_stage(name, "1", "live")

    client.set_registered_model_alias(name, "old", "1")
    client.delete_model_version(name, "1")
    with pytest.raises(RestException, match=rf"Model Version \(name={name}, version=1\) not found"):
        client.get_model_version(name, "1")
    assert client.get_registered_model(name).aliases == {}
    assert client.create_model_version(name, "s3://bucket/c").version == "3"


def test_search(client, name):
    for i in range(7):
        client.create_registered_model(f"{name}-{i}", {"i": str(i)})
        client.create_model_version(f"{name}-{i}", f"s3://bucket/{i}", tags={"i": str(i)})
    mlflow.genai.register_prompt(name=f"{name}-p", template="hello")
    found = client.search_registered_models(f"name LIKE '{name}-%'", max_results=3)
    assert [m.name for m in found] == [f"{name}-{i}" for i in range(3)] and found.token
    rest = client.search_registered_models(f"name LIKE '{name}-%'", page_token=found.token)
    assert [m.name for m in rest] == [f"{name}-{i}" for i in range(3, 7)] and not rest.token
    by_tag = client.search_registered_models(f"name ILIKE '{name.upper()}-%' AND tags.i = '4'", order_by=["name DESC"])
    assert [m.name for m in by_tag] == [f"{name}-4"]
    assert [v.version for v in client.search_model_versions(f"name = '{name}-4'")] == ["1"]
    assert [v.name for v in client.search_model_versions(f"name LIKE '{name}-%' AND tag.i != '4'", max_results=2)] == [
        f"{name}-6", f"{name}-5"]
    assert not client.search_model_versions(f"name = '{name}-p'")
    for bad in ("name > 'x'", "evil = 'x'", "name = x", "tags.a = 'b' OR tags.c = 'd'"):
        with pytest.raises(RestException) as failure:
            client.search_registered_models(bad)
        assert code_of(failure) == "INVALID_PARAMETER_VALUE"
    with pytest.raises(RestException) as failure:
        client.search_registered_models(page_token="evilhax")
    assert code_of(failure) == "INVALID_PARAMETER_VALUE"


def test_a_prompt_is_registered_and_loaded(client, tracking, name):
    first = mlflow.genai.register_prompt(
        name=name, template="Summarise {{loan}}", commit_message="first", tags={"author": "anna"},
        response_format={"type": "object", "properties": {"a": {"type": "string"}}},
        model_config={"model_name": "m", "temperature": 0.5})
    chat = [{"role": "system", "content": "Be brief: {{tone}}"}, {"role": "user", "content": "{{loan}}"}]
    second = mlflow.genai.register_prompt(name=name, template=chat)
    assert (first.version, second.version) == (1, 2)
    mlflow.genai.set_prompt_alias(name, alias="production", version=1)
    loaded = mlflow.genai.load_prompt(f"prompts:/{name}@production")
    assert loaded.template == "Summarise {{loan}}" and loaded.commit_message == "first"
    assert loaded.tags["author"] == "anna" and loaded.model_config["temperature"] == 0.5
    assert loaded.response_format["properties"] == {"a": {"type": "string"}}
    assert mlflow.genai.load_prompt(f"prompts:/{name}/2").template == chat
    assert [p.name for p in mlflow.genai.search_prompts(f"name = '{name}'")] == [name]
    assert [p.version for p in client.search_prompt_versions(name)] == [2, 1]
    assert mlflow.genai.load_prompt(f"prompts:/{name}@1.0.0").template == "Summarise {{loan}}"
    assert mlflow.genai.load_prompt(f"prompts:/{name}@2.0.0", allow_missing=True).template == chat
    assert mlflow.genai.load_prompt(f"prompts:/{name}@9.0.0", allow_missing=True) is None
    # Where no policy is bound, MLflow's own calls may replace the model config.
    mlflow.genai.set_prompt_model_config(name, 2, {"model_name": "n"})
    assert mlflow.genai.load_prompt(f"prompts:/{name}/2", cache_ttl_seconds=0).model_config["model_name"] == "n"
    mlflow.genai.delete_prompt_model_config(name, 2)
    assert mlflow.genai.load_prompt(f"prompts:/{name}/2", cache_ttl_seconds=0).model_config is None
    # The text is the version's content: no tag call changes it.
    refused = requests.post(api(tracking, "model-versions/set-tag"),
                            json={"name": name, "version": "1", "key": "mlflow.prompt.text", "value": "other"})
    assert refused.status_code == 400 and "content of prompt version 1" in refused.json()["message"]
    with pytest.raises(MlflowException, match="already taken by a prompt"):
        client.create_registered_model(name)


def test_log_model_registers_seals_and_links(client, tracking, name):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(model, name="model", registered_model_name=name)
    version = client.get_model_version(name, "1")
    assert version.run_id == run.info.run_id
    assert version.source == f"models:/{info.model_id}"
    storage = client.get_model_version_download_uri(name, "1")
    assert storage.startswith("mlflow-artifacts:/") and info.model_id in storage
    noted = client.get_logged_model(info.model_id).tags["mlflow.modelVersions"]
    assert {"name": name, "version": "1"} in json.loads(noted)
    client.set_registered_model_alias(name, "champion", "1")
    assert mlflow.sklearn.load_model(f"models:/{name}@champion").predict([[2.0]]) == [1]

    path = storage.removeprefix("mlflow-artifacts:/").lstrip("/")
    sealed = requests.put(artifact(tracking, f"{path}/MLmodel"), data=b"other")
    assert sealed.status_code == 400 and "sealed" in sealed.json()["message"]
    assert requests.delete(artifact(tracking, path)).status_code == 400
    shown = requests.get(f"{tracking}/model-versions/get-artifact", params={"name": name, "version": "1", "path": "MLmodel"})
    assert "flavors:" in shown.text

    copy = client.copy_model_version(f"models:/{name}/1", name + "-copy")
    assert copy.source == f"models:/{name}/1" and client.get_model_version_download_uri(name + "-copy", "1") == storage


def test_sources_must_lie_in_what_is_named(client, tracking, name):
    client.create_registered_model(name)

    def create(**members):
        answer = requests.post(api(tracking, "model-versions/create"), json={"name": name, **members})
        return answer.status_code, answer.json().get("message", "")

    assert create(source="s3://bucket/....///x/")[0] == 200
    for source in ("s3://b/../c", "s3://b/%2e%2e/c", "s3://b/a%00", "mlflow-artifacts://h:1/..%2f..%2f"):
        status, message = create(source=source)
        assert status == 400 and "If supplying a source as an http, https" in message, source
    assert "To use a local path as a model version" in create(source="/etc/passwd")[1]
    assert "To use a local path as a model version" in create(source="file:///etc/passwd", run_id="0" * 32)[1]
    assert "is not a valid remote uri" in create(source="file://somewhere.example/x")[1]
    assert create(source="runs:/abc/model", run_id="abc")[0] == 200
    experiment = client.create_experiment(name)
    runs = [client.create_run(experiment).info for _ in range(2)]
    for source in (f"runs:/{runs[0].run_id}/m", f"{runs[0].artifact_uri}/m"):
        assert "must identify the resource" in create(source=source, run_id=runs[1].run_id)[1]
        assert create(source=source, run_id=runs[0].run_id)[0] == 200
    assert "must identify the resource" in create(source="models:/m-123")[1]
    assert create(source=f"models:/{name}/99")[0] == 404


def test_artifacts_go_up_and_down(tracking, name):
    base = f"99/{name}/artifacts"
    body = bytes(range(256)) * 4096
    assert requests.put(artifact(tracking, f"{base}/a/data.bin"), data=body).json() == {}
    assert requests.put(artifact(tracking, f"{base}/a/big.txt"), data=(chunk for chunk in [b"x" * 100_000] * 20)).status_code == 200
    assert requests.put(artifact(tracking, f"{base}/empty"), data=b"").status_code == 200
    got = requests.get(artifact(tracking, f"{base}/a/data.bin"))
    assert got.content == body
    assert got.headers["Content-Disposition"] == "attachment; filename=data.bin"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert requests.get(artifact(tracking, f"{base}/a/big.txt")).headers["Content-Type"] == "text/plain"
    part = requests.get(artifact(tracking, f"{base}/a/data.bin"), headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == body[10:20]
    same = requests.get(artifact(tracking, f"{base}/a/data.bin"), headers={"If-None-Match": got.headers["ETag"]})
    assert same.status_code == 304 and not same.content
    head = requests.head(artifact(tracking, f"{base}/a/data.bin"))
    assert head.headers["Content-Length"] == str(len(body)) and not head.content
    listed = requests.get(artifact(tracking, "").rstrip("/"), params={"path": base}).json()["files"]
    assert listed == [{"path": "a", "is_dir": True}, {"path": "empty", "is_dir": False, "file_size": 0}]
    assert requests.get(artifact(tracking, f"{base}/nothing")).status_code == 404
    assert requests.delete(artifact(tracking, f"{base}/a")).json() == {}
    assert requests.get(artifact(tracking, f"{base}/a/data.bin")).status_code == 404


@pytest.mark.parametrize("path", ["..%2f..%2fetc/passwd", "a/%2e%2e/%2e%2e/b", "%2Fetc%2Fpasswd", "a%5C..%5Cb", "C%3A/x", "a%00b"])
def test_unsafe_artifact_paths_are_refused(tracking, path):
    for method in ("PUT", "GET", "DELETE"):
        request = requests.Request(method, artifact(tracking, ""), data=b"x" if method == "PUT" else None).prepare()
        request.url = artifact(tracking, path)
        answer = requests.Session().send(request)
        assert answer.status_code in (400, 404), answer.text
        if answer.content:
            assert "Invalid path" in answer.text


def test_get_artifact_and_upload_artifact(client, tracking, name):
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    up = f"{tracking}/ajax-api/2.0/mlflow/upload-artifact"
    assert requests.post(up, params={"run_uuid": run_id, "path": "d/x.txt"}, data=b"hello").status_code == 200
    assert requests.get(f"{tracking}/get-artifact", params={"run_id": run_id, "path": "d/x.txt"}).content == b"hello"
    for params, words in (({"path": "x"}, "Request must specify run_uuid."), ({"run_uuid": run_id}, "Request must specify path."),
                          ({"run_uuid": run_id, "path": "y"}, "Request must specify data."),
                          ({"run_uuid": run_id, "path": "../y"}, "Invalid path")):
        answer = requests.post(up, params=params)
        assert answer.status_code == 400 and words in answer.json()["message"]
    large = requests.post(up, params={"run_uuid": run_id, "path": "big"}, data=b"x" * (10 * 1024 * 1024 + 1))
    assert large.status_code == 400 and "Artifact size is too large" in large.json()["message"]
    assert requests.get(f"{tracking}/get-artifact", params={"run_id": run_id, "path": "../../x"}).status_code == 400


def test_requests_are_read_as_protobuf_would(tracking, name):
    create = api(tracking, "registered-models/create")
    assert requests.post(create, data=json.dumps({"name": name})).status_code == 400  # no content type
    answer = requests.post(create, json={})
    assert answer.status_code == 400 and "Missing value for required parameter 'name'" in answer.json()["message"]
    answer = requests.post(create, json={"name": 5})
    assert "Invalid value 5 for parameter 'name' supplied" in answer.json()["message"]
    assert requests.post(create, json={"name": name, "unknownField": 1}).status_code == 200
    got = requests.get(api(tracking, "registered-models/get"), params={"name": name}).json()["registered_model"]
    assert isinstance(got["creation_timestamp"], int) and "description" not in got and "tags" not in got
    assert requests.get(f"{tracking}/ajax-api/2.0/mlflow/registered-models/get", params={"name": name}).status_code == 200
    assert requests.get(api(tracking, "no-such-thing")).status_code == 404
    assert requests.post(api(tracking, "registered-models/get"), json={}).status_code == 405


def test_workspaces_keep_names_apart(client, tracking, name):
    root = f"{tracking}/api/3.0/mlflow/workspaces"
    made = requests.post(root, json={"name": name, "description": "a team"})
    assert made.status_code == 201 and made.json()["workspace"] == {"name": name, "description": "a team"}
    client.create_registered_model(name)
    there = requests.post(api(tracking, "registered-models/create"), json={"name": name}, headers={"X-MLFLOW-WORKSPACE": name})
    assert there.status_code == 200
    assert requests.delete(f"{root}/{name}").status_code == 400
    gone = requests.delete(api(tracking, "registered-models/delete"), json={"name": name}, headers={"X-MLFLOW-WORKSPACE": name})
    assert gone.status_code == 200
    assert requests.delete(f"{root}/{name}").status_code == 204
    lost = requests.get(api(tracking, "registered-models/search"), headers={"X-MLFLOW-WORKSPACE": name})
    assert lost.status_code == 404


def test_files_of_versions_that_other_clients_registered(client, tracking, name, tmp_path):
    """A version whose files were uploaded, pushed or committed is downloaded like one that MLflow registered."""
    contents = {"MLmodel": b"flavors: {}\n", "data/model.pkl": b"pickle", "data/deep/x.txt": b"x"}
    files = [{"path": path, "digest": requests.put(f"{tracking}/api/v1/blobs", data=content).json()["digest"]} for path, content in contents.items()]
    requests.post(f"{tracking}/api/v1/assets", json={"kind": "model", "name": name}).raise_for_status()
    requests.post(f"{tracking}/api/v1/assets/model/{name}/versions", json={"files": files}).raise_for_status()
    client.set_registered_model_alias(name, "best", 1)
    for uri in (f"models:/{name}/1", f"models:/{name}@best"):
        got = mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path / uri[-4:]))
        found = {path: open(f"{got}/{path}", "rb").read() for path in contents}
        assert found == contents
    # Nothing that is written there takes the place of a version's file.
    requests.put(artifact(tracking, f"versions/{name}/1/data/model.pkl"), data=b"forged")
    assert requests.get(artifact(tracking, f"versions/{name}/1/data/model.pkl")).content == b"pickle"
    assert requests.get(artifact(tracking, f"versions/{name}/1/none")).status_code == 404
    assert requests.get(artifact(tracking, f"versions/{name}/2/MLmodel")).status_code == 404
