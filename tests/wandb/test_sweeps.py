"""Sweeps: the client's agent asks what to try, tries it, and finds the best."""

import json

import requests
from test_runs import graphql

AGENT = """
import json, os, wandb
wandb.agents.pyagent.Agent.HEARTBEAT_SLEEP_SECONDS = 0.2
tried = []
def train():
    with wandb.init() as run:
        tried.append(dict(run.config))
        run.log({{"loss": (run.config["x"] - 3) ** 2 + (0 if run.config["kind"] == "good" else 5)}})
sweep = wandb.sweep({config}, project={project!r})
wandb.agent(sweep, function=train, project={project!r}{more})
found = wandb.Api().sweep({project!r} + "/" + sweep)
best = found.best_run()
print("RESULT " + json.dumps({{"sweep": sweep, "tried": tried, "state": found.state, "best": best.summary["loss"] if best else None,
                             "runs": len(list(found.runs)), "expected": found.expected_run_count}}))
"""


def sweep(site, project, folder, config, **more):
    words = "".join(f", {key}={value!r}" for key, value in more.items())
    done = site.run(AGENT.format(config=json.dumps(config), project=project, more=words), folder)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(line[7:])


PARAMETERS = {"x": {"values": [1, 3]}, "kind": {"values": ["good", "bad"]}}
LOSS = {"name": "loss", "goal": "minimize"}


def test_a_grid_is_tried_once_and_ends(site, name, tmp_path):
    result = sweep(site, name, tmp_path, {"method": "grid", "metric": LOSS, "parameters": PARAMETERS})
    assert [(one["kind"], one["x"]) for one in result["tried"]] == [("good", 1), ("good", 3), ("bad", 1), ("bad", 3)], "names are sorted"
    assert (result["state"], result["best"], result["runs"], result["expected"]) == ("FINISHED", 0, 4, 4)
    found = site.get("/api/2.0/mlflow/experiments/get-by-name", experiment_name=name)["experiment"]
    runs = site.post("/api/2.0/mlflow/runs/search", experiment_ids=[found["experiment_id"]])["runs"]
    assert len(runs) == 4 and all({"key": "wandb.sweep", "value": result["sweep"]} in run["data"]["tags"] for run in runs)


def test_nested_and_random_settings(site, name, tmp_path):
    parameters = {"x": {"min": 0.0, "max": 6.0}, "kind": {"value": "good"},
                  "optimizer": {"parameters": {"lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1}}}}
    result = sweep(site, name, tmp_path, {"method": "random", "metric": LOSS, "parameters": parameters}, count=3)
    assert len(result["tried"]) == 3 and len({one["x"] for one in result["tried"]}) == 3
    assert all(0 <= one["x"] <= 6 and 1e-5 <= one["optimizer"]["lr"] <= 1e-1 for one in result["tried"])
    assert result["state"] == "RUNNING" and result["best"] is not None


UPSERT = """mutation ($i: UpsertSweepInput!) { upsertSweep(input: $i) { sweep { id name state } configValidationWarnings } }"""
CREATE_AGENT = "mutation ($i: CreateAgentInput!) { createAgent(input: $i) { agent { id } } }"
HEARTBEAT = "mutation ($i: AgentHeartbeatInput!) { agentHeartbeat(input: $i) { commands } }"


class Sweep:
    """The agent's side, without the client: many trials in a moment."""

    def __init__(self, site, project, config, key=None):
        self.site, self.project, self.key = site, project, key
        made = self.ask(UPSERT, projectName=project, config=json.dumps(config))["upsertSweep"]
        self.sweep = made["sweep"]
        self.agent = self.ask(CREATE_AGENT, projectName=project, sweep=self.sweep["name"], host="here")["createAgent"]["agent"]["id"]

    def ask(self, document, **given):
        answer = graphql(self.site, document, key=self.key, i=given).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def commands(self, **running):
        return json.loads(self.ask(HEARTBEAT, id=self.agent, metrics="{}", runState=json.dumps(running))["agentHeartbeat"]["commands"])

    def run(self, name, *losses, over=True):
        upsert = "mutation ($i: UpsertBucketInput!) { upsertBucket(input: $i) { bucket { id } } }"
        self.ask(upsert, modelName=self.project, name=name, sweep=self.sweep["name"], config="{}")
        base = f"{self.site.server.url}/files/default/{self.project}/{name}/file_stream"
        files = {"wandb-history.jsonl": {"offset": 0, "content": [json.dumps({"_step": step, "loss": loss}) for step, loss in enumerate(losses)]}}
        answer = requests.post(base, json={"files": files} | ({"complete": True, "exitcode": 0} if over else {}), auth=("api", self.site.key), timeout=60)
        assert answer.ok, answer.text


def test_bayes_comes_closer_than_chance(site, name):
    def best(method):
        search = Sweep(site, f"{name}-{method}", {"method": method, "metric": LOSS, "run_cap": 40, "parameters": {
            "x": {"min": -10.0, "max": 10.0}, "y": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0}}})
        losses = []
        while (command := search.commands()[0])["type"] == "run":
            x, y = (command["args"][key]["value"] for key in ("x", "y"))
            losses.append((x - 3) ** 2 + abs(y - 0.01) * 10)
            search.run(command["run_id"], losses[-1])
        assert command == {"type": "exit"} and len(losses) == 40
        return sum(sorted(losses)[:10])

    assert best("bayes") < best("random")


def test_a_sweep_is_paused_resumed_and_canceled(site, name):
    search = Sweep(site, name, {"method": "random", "parameters": {"x": {"min": 0, "max": 9}}})
    change = lambda state: search.ask(UPSERT, id=search.sweep["id"], projectName=name, state=state)
    [first] = search.commands()
    assert search.commands() == [first], "an answer that was lost is given again"
    assert search.commands(**{first["run_id"]: True}) == []
    search.run(first["run_id"], 1)
    change("PAUSED")
    assert search.commands() == []
    change("RUNNING")
    [second] = search.commands()
    assert second["run_id"] != first["run_id"] and 0 <= second["args"]["x"]["value"] <= 9
    change("CANCELED")
    assert search.commands(**{second["run_id"]: True}) == [{"type": "stop", "run_id": second["run_id"]}]
    assert search.commands() == [{"type": "exit"}]
    again = graphql(site, UPSERT, i={"id": search.sweep["id"], "projectName": name, "state": "RUNNING"}).json()
    assert "cannot change any more" in again["errors"][0]["message"]


EARLY = {"type": "hyperband", "min_iter": 2, "eta": 2}


def test_a_run_that_is_behind_is_stopped(site, name):
    search = Sweep(site, name, {"method": "random", "metric": LOSS, "parameters": {"x": {"min": 0, "max": 9}}, "early_terminate": EARLY})
    for loss in (1, 2, 3):
        search.run(search.commands()[0]["run_id"], 9, 9, loss)
    late = search.commands()[0]["run_id"]
    search.run(late, 9, 9, over=False)
    assert search.commands(**{late: True}) == [], "too early to say"
    search.run(late, 9, 9, 4, over=False)
    assert search.commands(**{late: True}) == [{"type": "stop", "run_id": late}]
    search.run(late, 9, 9, 4)
    good = search.commands()[0]["run_id"]
    search.run(good, 9, 9, 1.5, over=False)
    assert search.commands(**{good: True}) == []


STOPPED = """
import json, time, wandb
wandb.agents.pyagent.Agent.HEARTBEAT_SLEEP_SECONDS = 0.2
steps = {{}}
def train():
    with wandb.init() as run:
        good = run.config["kind"] == "good"
        for step in range(600):
            run.log({{"loss": 1.0 if good else 9.0}})
            steps[run.config["kind"]] = step + 1
            time.sleep(0 if good else 0.1)
sweep = wandb.sweep({config}, project={project!r})
wandb.agent(sweep, function=train, project={project!r})
print("RESULT " + json.dumps(steps))
"""


def test_the_clients_agent_ends_a_run_that_is_behind(site, name, tmp_path):
    config = {"method": "grid", "metric": LOSS, "parameters": {"kind": {"values": ["good", "bad"]}}, "early_terminate": EARLY | {"eta": 3}}
    done = site.run(STOPPED.format(config=json.dumps(config), project=name), tmp_path)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    steps = json.loads(line[7:])
    assert steps["good"] == 600 and 2 < steps["bad"] < 600, steps


def test_what_is_no_sweep_is_refused(site, name):
    for config, why in (({"method": "guess", "parameters": {"x": {"value": 1}}}, "method"),
                        ({"method": "grid", "parameters": {"x": {"min": 0.0, "max": 1.0}}}, "parameters.x"),
                        ({"method": "random", "parameters": {"x": {"min": 3, "max": 1}}}, "parameters.x"),
                        ({"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0, "distribution": "log_uniform_values"}}}, "min"),
                        ({"method": "bayes", "parameters": {"x": {"value": 1}}}, "metric.name"),
                        ({"method": "random", "parameters": {"x": {"value": 1}}, "early_terminate": EARLY}, "metric.name"),
                        ({"method": "random", "parameters": {"x": {"value": 1}}, "early_terminate": {"type": "envelope"}}, "early_terminate.type"),
                        ({"method": "grid", "parameters": {f"p{n}": {"values": list(range(100))} for n in range(5)}}, "grid"),
                        ({"method": "random"}, "parameters")):
        answer = graphql(site, UPSERT, i={"projectName": name, "config": json.dumps(config)}).json()
        assert why in answer["errors"][0]["message"], (config, answer)


def test_who_may_not_write_the_project_gets_no_trials(site, name):
    search = Sweep(site, name, {"method": "random", "parameters": {"x": {"min": 0, "max": 9}}})
    reader = site.token(f"{name}-reader", "reader")
    for document, given in ((UPSERT, {"projectName": name, "config": json.dumps({"method": "random", "parameters": {"x": {"value": 1}}})}),
                            (UPSERT, {"id": search.sweep["id"], "projectName": name, "state": "CANCELED"}),
                            (CREATE_AGENT, {"projectName": name, "sweep": search.sweep["name"], "host": "h"}),
                            (HEARTBEAT, {"id": search.agent, "runState": "{}"})):
        answer = graphql(site, document, key=reader, i=given).json()
        assert answer.get("errors"), (document, answer)
    other = f"{name}-other"
    Sweep(site, other, {"method": "random", "parameters": {"x": {"value": 1}}})
    answer = graphql(site, UPSERT, i={"id": search.sweep["id"], "projectName": other, "state": "CANCELED"}).json()
    assert answer.get("errors"), "a sweep is reached through its own project only"
    assert search.commands()[0]["type"] == "run"
