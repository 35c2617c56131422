"""What the public API changes: types of collections, files and state of runs, registries."""

import json
import time

LOG = """
import json, time, wandb
run = wandb.init(project={name!r}, id="maker")
def log(name, path, type="dataset"):
    data = wandb.Artifact(name, type=type)
    with data.new_file(path) as file: file.write(path)
    run.log_artifact(data).wait()
    return data
"""


def last(done):
    return json.loads(done.stdout.splitlines()[-1])


def test_a_collection_gets_another_type(site, name, tmp_path):
    done = site.run(LOG.format(name=name) + f"""
one = log("rows", "one")
run.link_artifact(one, "wandb-registry-dataset/{name}")
run.finish()
api = wandb.Api()
rows = api.artifact_collection("dataset", "default/{name}/rows")
rows.type = "table"
rows.save()
api = wandb.Api()
said = [api.artifact("default/{name}/rows:v0").type, [t.name for t in api.artifact_types("{name}")],
        api.artifact_collection_exists("default/{name}/rows", "table"), api.artifact_collection_exists("default/{name}/rows", "dataset")]
rows = api.artifact_collection("table", "default/{name}/rows")
rows.change_type("lines")
said += [api.artifact("default/{name}/rows:v0").type, sorted(rows.aliases)]
print(json.dumps(said))
""", tmp_path)
    assert last(done) == ["table", ["table"], True, False, "lines", []]
    change = f"import wandb; c = wandb.Api().artifact_collection('lines', 'default/{name}/rows'); c.change_type('%s')"
    reader = site.token(f"reader-{name}", "reader")
    assert site.run(change % "other", tmp_path, key=reader, fails=True).returncode != 0
    in_registry = f"import wandb; c = wandb.Api().artifact_collection('dataset', 'default/wandb-registry-dataset/{name}'); c.change_type('x')"
    assert site.run(in_registry, tmp_path, fails=True).returncode != 0
    assert site.get(f"/api/v1/assets/artifact/{name}%2Frows")["tags"]["wandb.type"] == "lines"


def test_versions_come_in_the_order_that_is_asked_for(site, name, tmp_path):
    done = site.run(LOG.format(name=name) + f"""
for path in "abcde": log("rows", path)
run.finish()
api = wandb.Api()
print(json.dumps([[a.version for a in api.artifacts("dataset", "default/{name}/rows", order=order, per_page=2)]
                  for order in (None, "+created_at", "-created_at", "version_index")]))
""", tmp_path)
    up, down = [f"v{n}" for n in range(5)], [f"v{n}" for n in reversed(range(5))]
    assert last(done) == [down, up, down, up]


def test_files_of_a_run_are_deleted(site, name, tmp_path):
    done = site.run(f"""
import json, wandb
run = wandb.init(project={name!r}, id="maker")
for file in ("a.txt", "b.txt"):
    open(file, "w").write(file)
    run.save(file)
run.finish()
run = wandb.Api().run("default/{name}/maker")
said = [[f.name for f in run.files(pattern="%.txt") if len(f.name) == 5]]
run.file("a.txt").delete()
print(json.dumps(said + [[f.name for f in run.files() if f.name.endswith(".txt") and len(f.name) == 5]]))
""", tmp_path)
    assert last(done) == [["a.txt", "b.txt"], ["b.txt"]]
    reader = site.token(f"reader-{name}", "reader")
    refused = site.run(f"import wandb; wandb.Api().run('default/{name}/maker').file('b.txt').delete()", tmp_path, key=reader, fails=True)
    assert refused.returncode != 0 and "contributor" in refused.stderr


def test_a_run_is_stopped_from_outside(site, name, tmp_path):
    """The client asks again and again; what it is told is asked for here as it does, because its own reaction (it interrupts its
    main thread) is lost now and then on a busy machine."""
    done = site.run(f"""
import json, os, requests, wandb
run = wandb.init(project={name!r}, id="long")
stream = os.environ["WANDB_BASE_URL"] + "/files/default/{name}/long/file_stream"
ask = lambda: requests.post(stream, json={{"files": {{}}}}, auth=("api", os.environ["WANDB_API_KEY"])).json()
said = [ask()]
wandb.Api().run("default/{name}/long").stop()
said.append(ask())
run.finish()
print(json.dumps(said + [ask()]))
""", tmp_path, fails=True)
    assert last(done) == [{}, {"stopped": True}, {}], done.stderr
    again = site.run(f"""
import json, wandb
run = wandb.init(project={name!r}, id="long", resume="allow")
run.log({{"loss": 3}})
run.finish()
run = wandb.Api().run("default/{name}/long")
print(json.dumps([run.state, run.stop()]))
""", tmp_path)
    assert last(again) == ["finished", None]


def test_the_state_of_a_run_is_changed(site, name, tmp_path):
    done = site.run(f"""
import json, wandb
api = wandb.Api()
run = api.create_run(run_id="made", project={name!r}, entity="default")
said = [run.update_state("failed"), wandb.Api().run("default/{name}/made").state]
said += [run.update_state("pending"), wandb.Api().run("default/{name}/made").state]
wandb.init(project={name!r}, id="done").finish()
try:
    wandb.Api().run("default/{name}/done").update_state("failed")
except Exception as fault:
    said.append(str(fault))
print(json.dumps(said))
""", tmp_path)
    assert last(done)[:4] == [True, "failed", True, "pending"] and "cannot become failed" in last(done)[4]


def test_a_registry_is_created_changed_and_deleted(site, name, tmp_path):
    done = site.run(LOG.format(name=name) + f"""
api = wandb.Api()
made = api.create_registry("r-{name}", visibility="organization", organization="default", description="first", artifact_types=["model"])
said = [made.description, made.allow_all_artifact_types, list(made.artifact_types), "r-{name}" in [r.name for r in api.registries()]]
try:
    api.create_registry("r-{name}", visibility="organization", organization="default", artifact_types=["model"])
except ValueError:
    said.append("exists")
made.description = "second"
made.save()
made.load()
said.append(api.registry("r-{name}", organization="default").description)
rows, net = log("rows", "one"), log("net", "two", "model")
run.link_artifact(net, "wandb-registry-r-{name}/nets")
run.finish()
try:
    rows.link("wandb-registry-r-{name}/rows")
except Exception as fault:
    said.append(str(fault))
try:
    made.delete()
except ValueError as fault:
    said.append(str(fault.__cause__))
wandb.Api().artifact_collection("model", "default/wandb-registry-r-{name}/nets").delete()
made.name = "s-{name}"
made.save()
names = [r.name for r in wandb.Api().registries()]
said.append(["r-{name}" in names, "s-{name}" in names])
made.delete()
said.append("s-{name}" in [r.name for r in wandb.Api().registries()])
print(json.dumps(said))
""", tmp_path)
    said = last(done)
    assert said[:6] == ["first", False, ["model"], True, "exists", "second"], said
    assert "accepts artifacts of type model, not 'dataset'" in said[6] and "Delete these first" in said[7]
    assert said[8:] == [[False, True], False]
    actions = [entry["body"]["action"] for entry in site.get("/api/v1/ledger/entries", subject=f"registry/r-{name}")["items"]]
    assert actions.count("registry.set") >= 2 and actions.count("registry.deleted") == 1


def test_who_may_change_a_registry(site, name, tmp_path):
    reader = site.token(f"reader-{name}", "reader")
    make = f"import wandb; wandb.Api().create_registry('r-{name}', visibility='%s', organization='default')"
    assert site.run(make % "organization", tmp_path, key=reader, fails=True).returncode != 0
    restricted = site.run(make % "restricted", tmp_path, fails=True)
    assert restricted.returncode != 0 and "cannot be restricted" in restricted.stderr
    site.run(make % "organization", tmp_path)
    limit = f"""
import wandb
r = wandb.Api().registry('r-{name}', organization='default')
r.allow_all_artifact_types = False
r.artifact_types.append("model")
r.save()
"""
    refused = site.run(limit, tmp_path, fails=True)
    assert refused.returncode != 0 and "admin" in refused.stderr
    site.run(limit, tmp_path, key=site.token(f"admin-{name}", "admin"))
    delete = "import wandb; wandb.Api().registry('%s', organization='default').delete()"
    assert site.run(delete % f"r-{name}", tmp_path, key=reader, fails=True).returncode != 0
    built_in = site.run(delete % "model", tmp_path, fails=True)
    assert built_in.returncode != 0 and "cannot be deleted" in built_in.stderr


def test_what_there_is_none_of_is_said_at_once(site, name, tmp_path):
    started = time.monotonic()
    done = site.run(f"""
import json, wandb
api = wandb.Api()
wandb.init(project={name!r}).finish()
said = []
for ask in (lambda: api.create_run_queue("q", "local-container", entity="default"), lambda: api.run_queue("default", "q").id,
            lambda: api.upsert_run_queue("q", {{}}, "local-container", entity="default"),
            lambda: api.registry("model", organization="default").members(), lambda: api.create_user("x@example.com")):
    try:
        said.append(repr(ask()))
    except Exception as fault:
        said.append(str(fault))
print(json.dumps([said, api.user(api.viewer.username).username, [r for r in api.reports("default/{name}")]]))
""", tmp_path)
    said, username, reports = last(done)
    assert username == "training" and reports == []
    assert "does not support" in said[0] and "no launch queues" in said[1] and "does not support" in said[2]
    assert "regesta user list" in said[3] and "does not support" in said[4], said
    assert time.monotonic() - started < 60
