"""A version with a TTL is deleted by the server when it has passed, unless something protects it."""

import json
import time

import requests

from regesta_server import eventually

LOG = """
import datetime, json, time, wandb
from wandb import ArtifactTTL
run = wandb.init(project={name!r}, id="maker")
def log(path, ttl=None, **more):
    data = wandb.Artifact("rows", type="dataset", **more)
    with data.new_file(path) as file: file.write(path)
    if ttl: data.ttl = ttl
    run.log_artifact(data).wait()
    return data
def ttl(version):
    found = wandb.Api().artifact("default/{name}/rows:" + version).ttl
    return found and found.total_seconds()
"""


def last(done):
    return json.loads(done.stdout.splitlines()[-1])


def versions(site, name, kind="artifact", collection="rows"):
    asset = f"{name}%2F{collection}" if kind == "artifact" else name
    return {item["version"]: item for item in site.get(f"/api/v1/assets/{kind}/{asset}/versions")["items"]}


def test_a_ttl_is_set_changed_and_removed(site, name, tmp_path):
    done = site.run(LOG.format(name=name) + """
log("one", datetime.timedelta(days=3))
log("two")
said = [ttl("v0"), ttl("v1")]
def change(wanted):
    artifact = wandb.Api().artifact("default/NAME/rows:v1")
    artifact.ttl = wanted
    artifact.save()
    said.append(ttl("v1"))
change(datetime.timedelta(hours=5))
change(None)
change(datetime.timedelta(hours=6))
change(ArtifactTTL.INHERIT)
run.finish()
print(json.dumps(said))
""".replace("NAME", name), tmp_path)
    assert last(done) == [3 * 86400, None, 5 * 3600, None, 6 * 3600, None]
    found = versions(site, name)
    assert found[1]["expires_at"] > found[1]["created_at"] and "expires_at" not in found[2]
    # A retention rule is what a version inherits.
    rule = requests.put(f"{site.server.url}/api/v1/retention/rules/{name}", json={"kind": "artifact", "name_pattern": f"{name}/*", "delete_after": "7d"},
                        auth=("admin", "correct horse battery staple"), timeout=60)
    assert rule.ok, rule.text
    done = site.run(f"""
import json, wandb
both = [wandb.Api().artifact("default/{name}/rows:" + v) for v in ("v0", "v1")]
print(json.dumps([[one.ttl.days, one._ttl_is_inherited] for one in both]))
""", tmp_path)
    assert last(done) == [[3, False], [7, True]]
    requests.delete(f"{site.server.url}/api/v1/retention/rules/{name}", auth=("admin", "correct horse battery staple"), timeout=60)


def test_what_has_expired_goes_and_what_is_protected_stays(site, name, tmp_path):
    site.run(LOG.format(name=name) + f"""
log("one", datetime.timedelta(seconds=2))
kept = log("two", datetime.timedelta(seconds=2))
kept.aliases.append("kept")
kept.save()
linked = log("three", datetime.timedelta(seconds=2))
run.link_artifact(linked, "wandb-registry-dataset/{name}")
log("four")
run.finish()
""", tmp_path)
    time.sleep(2)
    site.server.restart()  # it looks when it starts, and then at the latest after a minute
    eventually(lambda: set(versions(site, name)) == {2, 4})
    assert set(versions(site, name, "dataset")) == {1}, "a link has the files, and no TTL"
    done = site.run(f"""
import json, wandb
api = wandb.Api()
print(json.dumps([api.artifact("default/{name}/rows:kept").version, api.artifact_exists("default/{name}/rows:v0"),
                  open(api.artifact("wandb-registry-dataset/{name}:v0").file()).read()]))
""", tmp_path)
    assert last(done) == ["v1", False, "three"]
    gone = site.get("/api/v1/ledger/entries", subject=f"artifact/{name}/rows@1")["items"]
    assert any(entry["body"]["action"] == "version.deleted" and entry["body"]["actor"] == "system:expiry" for entry in gone), gone


def test_who_may_set_it(site, name, tmp_path):
    site.run(LOG.format(name=name) + 'log("one")\nrun.finish()', tmp_path)
    reader = site.token(f"reader-{name}", "reader")
    change = f"import datetime, wandb; a = wandb.Api().artifact('default/{name}/rows:v0'); a.ttl = datetime.timedelta(days=1); a.save()"
    assert site.run(change, tmp_path, key=reader, fails=True).returncode != 0
    path = f"{site.server.url}/api/v1/assets/artifact/{name}%2Frows/versions/1/expiry"
    assert requests.put(path, json={"after": "1d"}, headers={"Authorization": f"Bearer {reader}"}, timeout=60).status_code == 403
    assert requests.put(path, json={}, auth=("admin", "correct horse battery staple"), timeout=60).status_code == 400
    assert "expires_at" not in versions(site, name)[1]
    # A legal hold forbids it.
    site.post("/api/v1/holds", kind="artifact", name=f"{name}/rows", reason="case")
    held = site.run(change, tmp_path, fails=True)
    assert held.returncode != 0 and "legal hold" in held.stderr
