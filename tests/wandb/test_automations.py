"""Automations of the unmodified client: they are triggers, and their integrations webhooks."""

import json

import pytest
from http_receiver import Receiver

from regesta_server import eventually


@pytest.fixture(scope="module")
def receiver():
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def admin(site):
    return site.token("automator", "admin")


def hook(site, receiver, path, **more):
    return site.post("/api/v1/webhooks", url=receiver.url + path, actions=["none"], description=path.strip("/"), **more)["id"]


def call(receiver, path):
    return eventually(lambda: next((body for at, _, body in receiver.got if at == path), None))


IMPORTS = """
import json, wandb
from wandb.automations import *
from wandb.automations.events import ArtifactEvent, RunEvent
api = wandb.Api()
"""

LINK = """
import wandb
run = wandb.init(project={project!r}, id={run!r})
model = wandb.Artifact("risk", type="model")
with model.new_file("weights") as file: file.write({run!r})
run.log_artifact(model, aliases={aliases!r}).wait()
run.link_artifact(model, "wandb-registry-model/{project}")
run.finish()
"""

ON_ALIAS = IMPORTS + """
hook = next(one for one in api.webhook_integrations(entity="default") if one.url_endpoint.endswith("/{name}"))
event = OnAddArtifactAlias(scope=api.artifact_collection("model", "wandb-registry-model/{name}"), filter=ArtifactEvent.alias.eq("production"))
action = SendWebhook(integration_id=hook.id, requestPayload={{"model": "${{artifact_version_string}}", "by": "${{event_author}}", "n": {{"alias": "${{alias}}"}}}})
made = api.create_automation(event >> action, name="Ship {name}", description="deploys it")
again = api.automation(name="Ship {name}", entity="default")
print(json.dumps([made.name, made.description, made.enabled, made.id == again.id, again.scope.name, again.event.event_type.value,
                  again.event.filter.filter.model_dump(), again.action.integration.id == hook.id, again.action.request_payload["n"]]))
"""

PROMOTE = """
import wandb
model = wandb.Api().artifact("wandb-registry-model/{name}:latest")
model.aliases.append("staging")
model.save()
model.aliases.append("production")
model.save()
"""


def test_an_alias_calls_a_webhook(site, admin, receiver, name, tmp_path):
    site.run(LINK.format(project=name, run="one", aliases=["x"]), tmp_path)
    hook(site, receiver, "/" + name)
    done = site.run(ON_ALIAS.format(name=name), tmp_path, key=admin)
    assert json.loads(done.stdout.splitlines()[-1]) == [
        f"Ship {name}", "deploys it", True, True, name, "ADD_ARTIFACT_ALIAS", {"$or": [{"$and": [{"alias": {"$eq": "production"}}]}]}, True,
        {"alias": "${alias}"}]
    site.run(PROMOTE.format(name=name), tmp_path)
    assert call(receiver, "/" + name) == {"model": f"default/wandb-registry-model/{name}:v0", "by": "token:training", "n": {"alias": "production"}}
    # It is a trigger like any other, which fired once.
    trigger, = [one for one in site.get("/api/v1/triggers")["items"] if name in one["name"]]
    assert trigger["rule"]["on"] == {"action": "alias.moved", "kind": "model", "names": name}
    firing, = site.get(f"/api/v1/triggers/{trigger['name']}")["firings"]
    assert firing["outcome"] in ("started", "sending")


ON_RUNS = IMPORTS + """
project = api.project({name!r}, entity="default")
slack, = [one for one in api.slack_integrations(entity="default") if one.channel_name == {name!r}]
text = SendNotification(integration_id=slack.id, title="Loss of ${{run_name}}", text="is ${{metric_value}}", level="warn")
low = api.create_automation(OnRunMetric(scope=project, filter=(RunEvent.metric("loss").avg(2) < 0.3) & (RunEvent.name == "good")) >> text, name="low {name}")
grows = api.create_automation(OnRunMetric(scope=project, filter=RunEvent.metric("loss").increases_by(diff=5)) >> DoNothing(), name="grows {name}")
failed = api.create_automation(OnRunState(scope=project, filter=RunEvent.state.in_(["failed"])) >> DoNothing(), name="failed {name}")
print(json.dumps([low.event.filter.metric.threshold_filter.window, low.action.title, grows.event.filter.metric.change_filter.change_dir.value,
                  [state.value for state in failed.event.filter.state.states], sorted(one.name for one in api.automations() if {name!r} in one.name)]))
"""

TRAIN = """
import sys, wandb
for name, values in [("good", [9, 0.5, 0.2, 0.2]), ("bad", [0.1, 0.1, 9])]:
    run = wandb.init(project={name!r}, name=name, reinit=True)
    for value in values: run.log({{"loss": value}})
    run.finish(exit_code=1 if name == "bad" else 0)
"""


def test_runs_fire_by_metric_and_state(site, admin, receiver, name, tmp_path):
    site.run(f"import wandb; wandb.init(project={name!r}).finish()", tmp_path)
    hook(site, receiver, "/" + name, template={"text": "{{subject}}"})
    done = site.run(ON_RUNS.format(name=name), tmp_path, key=admin)
    assert json.loads(done.stdout.splitlines()[-1]) == [2, "Loss of ${run_name}", "INCREASE", ["FAILED"], [f"failed {name}", f"grows {name}", f"low {name}"]]
    site.run(TRAIN.format(name=name), tmp_path)
    assert call(receiver, "/" + name) == {"text": "[WARN] Loss of good\nis 0.2"}
    triggers = {one["rule"]["annotations"]["wandb"]["name"].split()[0]: one for one in site.get("/api/v1/triggers")["items"] if name in one["name"]}

    def fired(which):
        return site.get(f"/api/v1/triggers/{triggers[which]['name']}")["firings"]

    for which in ["grows", "failed"]:
        firing, = eventually(lambda which=which: fired(which))
        assert firing["subject"].startswith("run/") and firing["outcome"] == "started" and "job" not in firing
    assert len(fired("low")) == 1
    # The ledger says which value it was.
    entries = site.get("/api/v1/ledger/entries", subject="trigger/" + triggers["grows"]["name"])["items"]
    run = next(one["body"]["data"]["run"] for one in entries if one["body"]["action"] == "trigger.fired")
    assert (run["value"], run["name"], run["metric"]) == (9, "bad", "loss")


CHANGE = IMPORTS + """
one = api.automation(name="life {name}", entity="default")
one.enabled = False
one.description = "rests"
saved = api.update_automation(one, name="rest {name}")
names = [one.name for one in api.automations(entity="default")]
print(json.dumps([saved.enabled, saved.description, saved.id == one.id, "rest {name}" in names, "life {name}" in names]))
api.delete_automation(saved)
print(json.dumps([one.name for one in api.automations(entity="default") if {name!r} in one.name]))
"""

CREATE = IMPORTS + """
event = OnCreateArtifact(scope=api.artifact_collection("dataset", "{name}/data"))
made = api.create_automation(event >> DoNothing(), name="life {name}")
"""

LOG = """
import wandb
run = wandb.init(project={name!r})
data = wandb.Artifact("data", type="dataset")
with data.new_file("rows") as file: file.write({text!r})
run.log_artifact(data).wait()
run.finish()
"""


def test_an_automation_changes_rests_and_goes(site, admin, name, tmp_path):
    site.run(LOG.format(name=name, text="one"), tmp_path)
    site.run(CREATE.format(name=name), tmp_path, key=admin)
    trigger, = [one["name"] for one in site.get("/api/v1/triggers")["items"] if name in one["name"]]
    site.run(LOG.format(name=name, text="two"), tmp_path)
    firing, = eventually(lambda: site.get(f"/api/v1/triggers/{trigger}")["firings"])
    assert firing["subject"] == f"artifact/{name}/data@2"
    again = site.run(CREATE.format(name=name), tmp_path, key=admin, fails=True)
    assert again.returncode != 0 and f"life {name}" in again.stderr and "exists" in again.stderr
    fetched = site.run(CREATE.format(name=name).replace(', name="life', ', fetch_existing=True, name="life') + "print(made.id)", tmp_path, key=admin)
    assert fetched.stdout.strip()
    done = site.run(CHANGE.format(name=name), tmp_path, key=admin)
    assert [json.loads(line) for line in done.stdout.splitlines()[-2:]] == [[False, "rests", True, True, False], []]
    assert not [one for one in site.get("/api/v1/triggers")["items"] if name in one["name"]]


REFUSED = IMPORTS + """
project = api.project({name!r}, entity="default")
collection = api.artifact_collection("dataset", "{name}/data")
for number, (event, action) in enumerate([
    (OnCreateArtifact(scope=collection), SendWebhook(integration_id="SW50ZWdyYXRpb246OTk5OTk=")),
    (OnAddArtifactAlias(scope=collection, filter=ArtifactEvent.alias.eq("latest")), DoNothing()),
    (OnLinkArtifact(scope=project), DoNothing()),
    (OnAddArtifactTag(scope=collection), DoNothing()),
    (OnRunMetric(scope=project, filter=RunEvent.metric("loss").zscore(30) > 3), DoNothing()),
]):
    try:
        api.create_automation(event >> action, name=f"refused {{number}}")
        print("made")
    except Exception as problem:
        print(str(problem).replace("\\n", " "))
"""


def test_what_cannot_be_a_trigger_is_refused_in_words(site, admin, name, tmp_path):
    site.run(LOG.format(name=name, text="one"), tmp_path)
    lines = site.run(REFUSED.format(name=name), tmp_path, key=admin).stdout.splitlines()[-5:]
    for line, words in zip(lines, ["no such integration", "'latest' is set by this server", "LINK_MODEL in a project", "not supported", "not supported"]):
        assert words in line, lines
    # A contributor sees the reason, too.
    done = site.run(CREATE.format(name=name), tmp_path, fails=True)
    assert done.returncode != 0 and "admin" in done.stderr
    assert not [one for one in site.get("/api/v1/triggers")["items"] if name in one["name"]]
