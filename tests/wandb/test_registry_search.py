"""The client searches registries, their collections and versions, and sees what its token may read."""

import json

FILL = """
import wandb
with wandb.init(project={project!r}) as run:
    for accuracy in (0.8, 0.9):
        artifact = wandb.Artifact("net", type="model", metadata={{"accuracy": accuracy}})
        with artifact.new_file("weights.txt") as file:
            file.write(str(accuracy))
        run.log_artifact(artifact).wait()
        run.link_artifact(artifact, "wandb-registry-model/{project}", aliases=["best"] if accuracy > 0.85 else None)
        run.link_artifact(artifact, "wandb-registry-{project}/deployed")
"""
SEARCH = """
import json, wandb
api = wandb.Api()
mine = {{"name": {project!r}}}
found = {{
    "registries": [one.name for one in api.registries(filter={{"name": {{"$in": ["wandb-registry-model", "wandb-registry-{project}"]}}}})],
    "collections": [one.name for one in api.registries(filter={{"name": "model"}}).collections(mine)],
    "all": sorted(one.name for one in api.registries().collections({{"name": {{"$in": [{project!r}, "deployed"]}}}})),
    "versions": [one.version for one in api.registries(filter={{"name": "model"}}).collections(mine).versions()],
    "best": [one.version for one in api.registries().collections(mine).versions({{"alias": "best"}})],
    "good": [one.metadata["accuracy"] for one in api.registries().collections(mine).versions({{"metadata.accuracy": {{"$gt": 0.85}}}})],
    "none": len(list(api.registries(filter={{"name": {{"$regex": "nothing"}}}}).collections())),
}}
print("RESULT " + json.dumps(found))
"""


def result(done):
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(line[7:])


def test_registries_collections_and_versions_are_found(site, name, tmp_path):
    site.run(FILL.format(project=name), tmp_path)
    found = result(site.run(SEARCH.format(project=name), tmp_path))
    assert found == {"registries": ["model", name], "collections": [name], "all": sorted(["deployed", name]), "versions": ["v1", "v0"],
                     "best": ["v1"], "good": [0.9], "none": 0}


def test_what_a_token_may_not_read_is_not_found(site, name, tmp_path):
    site.run(FILL.format(project=name), tmp_path)
    narrow = site.post("/api/v1/tokens", name=f"{name}-narrow", grants=[{"role": "reader", "workspace": "default", "name_pattern": "other-*"}])
    found = result(site.run(SEARCH.format(project=name), tmp_path, key=narrow["token"]))
    assert found == {"registries": ["model"], "collections": [], "all": [], "versions": [], "best": [], "good": [], "none": 0}
