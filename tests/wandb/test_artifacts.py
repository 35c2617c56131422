import json

import mlflow
import requests

LOG = """
import wandb
run = wandb.init(project={project!r}, id={run!r})
data = wandb.Artifact("loans", type="dataset", metadata={{"rows": 2}}, description="two rows")
with data.new_file("train.csv") as file: file.write("a,b\\n1,2\\n")
with data.new_file("deep/notes.txt") as file: file.write({note!r})
data.add_reference("https://example.org/big.bin", name="big.bin", checksum=False)
run.log_artifact(data, aliases=["fresh"], tags=["raw"]).wait()
print(data.version, data.qualified_name)
run.finish()
"""

USE = """
import json, wandb
run = wandb.init(project={project!r}, id="user")
data = run.use_artifact("loans:{alias}")
folder = data.download(path_prefix={prefix!r}) if {prefix!r} else None
api = wandb.Api()
again = api.artifact("default/{project}/loans:fresh")
root = again.download(skip_cache=True, allow_missing_references=True) if False else None
print(json.dumps([data.version, sorted(data.aliases), data.metadata, data.description, data.tags, data.size, sorted(data.manifest.entries),
                  data.logged_by().id, [r.id for r in data.used_by()], folder and open(folder + "/deep/notes.txt").read()]))
run.finish()
"""


def last(done):
    return json.loads(done.stdout.splitlines()[-1])


def test_log_use_and_download(site, name, tmp_path):
    done = site.run(LOG.format(project=name, run="maker", note="first"), tmp_path)
    assert done.stdout.split()[-2:] == ["v0", f"default/{name}/loans:v0"]
    version, aliases, metadata, description, tags, size, entries, maker, users, text = last(
        site.run(USE.format(project=name, alias="latest", prefix="deep"), tmp_path))
    assert version == "v0" and aliases == ["fresh", "latest"] and metadata == {"rows": 2} and description == "two rows" and tags == ["raw"]
    assert size == 13 and entries == ["big.bin", "deep/notes.txt", "train.csv"] and maker == "maker" and users == ["user"] and text == "first"
    # It is a version like any other.
    found = site.get(f"/api/v1/assets/artifact/{name}%2Floans/versions/1")
    assert found["digest"] and found["tags"]["wandb.tags"] == '["raw"]'


def test_one_entry_and_verification(site, name, tmp_path):
    site.run(LOG.format(project=name, run="maker", note="first"), tmp_path)
    done = site.run(f"""
import wandb
data = wandb.Api().artifact("default/{name}/loans:v0")
print(open(data.get_entry("deep/notes.txt").download()).read())
data.download(root="all", path_prefix="deep")
data.download(root="all", path_prefix="train")
print([file.name for file in data.files()], open("all/train.csv").read().strip())
run = wandb.Api().run("default/{name}/maker")
print([a.name for a in run.logged_artifacts()], "config.yaml" in [file.name for file in run.files()])
run.file("config.yaml").download(replace=True)
print(open("config.yaml").read()[:4])
""", tmp_path).stdout.splitlines()
    assert done[0] == "first" and "train.csv" in done[1]
    assert "loans:v0" in done[-2] and done[-2].endswith("True") and done[-1]
    entry, = [request for request in site.proxy.sent("/artifactsV2/") if name in request.path]
    other = site.token(f"other-{name}", "contributor", "default")
    assert requests.get(site.server.url + entry.path, timeout=60).status_code == 401
    assert requests.get(site.server.url + entry.path, auth=("api", other), timeout=60).content == b"first"


def test_the_same_content_is_one_version(site, name, tmp_path):
    for run, note, version in [("a", "same", "v0"), ("b", "same", "v0"), ("c", "other", "v1")]:
        assert site.run(LOG.format(project=name, run=run, note=note), tmp_path).stdout.split()[-2] == version
    uploads = [request for request in site.proxy.sent("/files/content") if b"a,b\n1,2\n" == request.body]
    assert len(uploads) <= 1  # content is stored once


CHANGE = """
import json, wandb
api = wandb.Api()
art = api.artifact("default/{project}/loans:v0")
art.aliases = ["golden"]
art.metadata["rows"] = 3
art.tags = ["clean"]
art.description = "changed"
art.save()
again = api.artifact("default/{project}/loans:golden")
versions = [a.version for a in api.artifacts("dataset", "default/{project}/loans")]
print(json.dumps([again.version, sorted(again.aliases), again.metadata, again.tags, again.description, versions, api.artifact_exists("default/{project}/nothing:v0")]))
"""


def test_aliases_metadata_and_tags_change(site, name, tmp_path):
    for run, note in [("a", "one"), ("b", "two")]:
        site.run(LOG.format(project=name, run=run, note=note), tmp_path)
    assert last(site.run(CHANGE.format(project=name), tmp_path)) == [
        "v0", ["golden"], {"rows": 3}, ["clean"], "changed", ["v1", "v0"], False]
    done = site.run(f"import wandb; wandb.Api().artifact('default/{name}/loans:golden').delete()", tmp_path, fails=True)
    assert done.returncode != 0 and "golden" in done.stderr
    site.run(f"import wandb; wandb.Api().artifact('default/{name}/loans:golden').delete(delete_aliases=True)", tmp_path)
    assert site.run(f"import wandb; print(wandb.Api().artifact_exists('default/{name}/loans:v0'))", tmp_path).stdout.split()[-1] == "False"


def test_a_wrong_digest_is_refused(site, name, tmp_path):
    site.run(LOG.format(project=name, run="maker", note="first"), tmp_path)
    [upload] = [request for request in site.proxy.sent("/files/content") if request.body == b"first"][-1:]
    answer = requests.put(site.server.url + upload.path, data=b"other", timeout=60)
    assert answer.status_code == 400 and "MD5" in answer.json()["error"]
    assert requests.put(site.server.url + upload.path.split("?")[0], data=b"first", timeout=60).status_code in (401, 403)


POLICY = """package regesta.gate
import rego.v1
deny contains {"code": "no-card", "msg": "a model needs a model card", "remediation": "add evidence of type card"} if {
  not input.candidate.tags.card
}
"""

ECHO = """
import mlflow
class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input): return model_input
mlflow.models.set_model(Echo())
"""

STORY = """
import json, wandb
run = wandb.init(project={project!r}, id="train", config={{"lr": 0.1}})
data = wandb.Artifact("loans", type="dataset")
with data.new_file("train.csv") as file: file.write("a,b\\n1,2\\n")
run.use_artifact(run.log_artifact(data).wait())
run.log({{"auc": 0.9}})
import mlflow
with open("echo.py", "w") as file: file.write({echo!r})
mlflow.pyfunc.save_model("model", python_model="echo.py", pip_requirements=["mlflow"])
model = wandb.Artifact("risk", type="model")
model.add_dir("model")
run.log_artifact(model).wait()
linked = run.link_artifact(model, "wandb-registry-model/{model}", aliases=["candidate"])
print(json.dumps([linked.qualified_name, linked.version, sorted(linked.aliases), linked.is_link]))
run.finish()
"""


def test_the_story_of_a_model(site, name, tmp_path, monkeypatch):
    model = f"m-{name}"
    policy = site.post(f"/api/v1/policies/p-{name}", modules=[{"name": "gate.rego", "text": POLICY}])
    assert policy
    site.post("/api/v1/policies/bindings", kind="model", name_pattern=model, pointer="production", policy=f"p-{name}")
    linked = last(site.run(STORY.format(project=name, model=model, echo=ECHO), tmp_path))
    assert linked[1] == "v0" and linked[3] and "candidate" in linked[2]

    promote = f"""
import wandb
linked = wandb.Api().artifact("default/wandb-registry-model/{model}:candidate")
linked.aliases.append("production")
linked.save()
"""
    refused = site.run(promote, tmp_path, fails=True)
    assert refused.returncode != 0 and "a model needs a model card" in refused.stderr and "add evidence of type card" in refused.stderr
    answer = requests.post(site.server.url + "/api/2.0/mlflow/model-versions/set-tag", auth=("admin", "correct horse battery staple"),
                           json={"name": model, "version": "1", "key": "card", "value": "yes"}, timeout=60)
    assert answer.ok, answer.text
    site.run(promote, tmp_path)

    used = site.run(f"""
import wandb
run = wandb.init(project={name!r}, id="serve")
model = run.use_artifact("wandb-registry-model/{model}:production")
print(model.download())
run.finish()
""", tmp_path)
    folder = used.stdout.splitlines()[-1]
    assert mlflow.pyfunc.load_model(folder)

    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "correct horse battery staple")
    mlflow.set_tracking_uri(site.server.url)
    mlflow.set_registry_uri(site.server.url)
    loaded = mlflow.pyfunc.load_model(f"models:/{model}@production")
    assert list(loaded.predict(["x"])) == ["x"]
    lineage = site.get("/api/v1/lineage/graph", node=f"model/{model}@1", direction="upstream")
    assert any("loans" in json.dumps(edge) for edge in lineage["edges"])


APPROVAL = """package regesta.gate
import rego.v1
require contains {"code": "approval", "msg": "somebody else must approve", "approvals": {"role": "approver", "count": 1}}
"""


def test_a_missing_approval_opens_a_change_request(site, name, tmp_path):
    site.post(f"/api/v1/policies/p-{name}", modules=[{"name": "gate.rego", "text": APPROVAL}])
    site.post("/api/v1/policies/bindings", kind="model", name_pattern=f"m-{name}", pointer="production", policy=f"p-{name}")
    refused = site.run(f"""
import wandb
run = wandb.init(project={name!r})
model = wandb.Artifact("risk", type="model")
with model.new_file("weights.txt") as file: file.write({name!r})
run.log_artifact(model).wait()
run.link_artifact(model, "wandb-registry-model/m-{name}", aliases=["production"])
run.finish()
""", tmp_path, fails=True)
    said = refused.stderr + refused.stdout
    assert "somebody else must approve" in said
    request, = [one for one in site.get("/api/v1/change-requests")["items"] if one["name"] == f"m-{name}"]
    assert request["url"] in said
    # The version is there; only the alias waits.
    assert site.get(f"/api/v1/assets/model/m-{name}/versions/1")["digest"]
