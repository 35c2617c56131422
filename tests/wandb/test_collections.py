"""Collections change, incremental artifacts go on from the newest version, and links are found."""

import json

LOG = """
import json, wandb
run = wandb.init(project={name!r}, id="maker")
def log(path, **more):
    data = wandb.Artifact("rows", type="dataset", **more)
    with data.new_file(path) as file: file.write(path)
    run.log_artifact(data).wait()
    return data
"""


def last(done):
    return json.loads(done.stdout.splitlines()[-1])


def test_an_incremental_artifact_goes_on_from_the_newest(site, name, tmp_path):
    done = site.run(LOG.format(name=name) + f"""
log("one")
log("two", incremental=True)
draft = wandb.Api().artifact("default/{name}/rows:latest").new_draft()
draft.remove("one")
with draft.new_file("three") as file: file.write("three")
run.log_artifact(draft).wait()
run.finish()
api = wandb.Api()
print(json.dumps([sorted(api.artifact("default/{name}/rows:" + v).manifest.entries) for v in ["v0", "v1", "v2"]]))
""", tmp_path)
    assert last(done) == [["one"], ["one", "two"], ["three", "two"]]


def test_a_collection_changes(site, name, tmp_path):
    done = site.run(LOG.format(name=name) + f"""
log("one")
run.finish()
api = wandb.Api()
rows = api.artifact_collection("dataset", "default/{name}/rows")
rows.description, rows.tags = "what it is", ["b", "a"]
rows.save()
rows = api.artifact_collection("dataset", "default/{name}/rows")
first = [rows.description, sorted(rows.tags)]
rows.tags, rows.name = ["c"], "lines"
rows.save()
lines = api.artifact_collection("dataset", "default/{name}/lines")
print(json.dumps([first, sorted(lines.tags), api.artifact("default/{name}/lines:latest").version, [t.name for t in api.artifact_types("{name}")]]))
""", tmp_path)
    assert last(done) == [["what it is", ["a", "b"]], ["c"], "v0", ["dataset"]]
    asset = site.get(f"/api/v1/assets/artifact/{name}%2Flines")
    assert asset["description"] == "what it is" and asset["tags"]["wandb.tags"] == '["c"]'
    reader = site.token(f"reader-{name}", "reader")
    change = f"import wandb; wandb.Api().artifact_collection('dataset', 'default/{name}/lines').delete()"
    assert site.run(change, tmp_path, key=reader, fails=True).returncode != 0
    site.run(change, tmp_path)
    assert not [one for one in site.get("/api/v1/assets")["items"] if name in one["name"]]


def test_links_teams_registries_and_projects(site, name, tmp_path):
    done = site.run(LOG.format(name=name) + f"""
data = log("one")
run.link_artifact(data, "wandb-registry-dataset/{name}")
run.finish()
api = wandb.Api()
api.create_project("{name}-new", "default")
linked = api.artifact("default/{name}/rows:v0").linked_artifacts
print(json.dumps([[one.qualified_name for one in linked], api.team("default").name, api.registry("dataset", organization="default").full_name,
                  "{name}-new" in [one.name for one in api.projects("default")]]))
""", tmp_path)
    assert last(done) == [[f"default/wandb-registry-dataset/{name}:v0"], "default", "wandb-registry-dataset", True]
