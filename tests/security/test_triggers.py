"""Triggers, and attacks on them: run things in another's name, reach names out of grant, make a runner execute anything, loop."""

import os
import subprocess
import sys

import pytest

from artifacts import entries, verified
from conftest import PASSWORD, Caller
from regesta_server import binary, eventually

# Registers a version of a prompt, as the job; the parameters say which.
REGISTER = """
import json, os, sys, urllib.request
given = json.loads(os.environ["REGESTA_PARAMETERS"])
assert json.load(sys.stdin) == given
if given.get("fail"):
    sys.exit("it failed on purpose")
body = {"template": given["text"] + " " + os.environ["REGESTA_JOB"]}
request = urllib.request.Request(f"{os.environ['REGESTA_URL']}/api/v1/prompts/{given['to']}/versions", json.dumps(body).encode(),
    {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["REGESTA_TOKEN"]})
print(urllib.request.urlopen(request).status)
"""


def rule(names, to, text="by {{subject}}", command="register", **more):
    return {"on": {"action": "version.created", "kind": "prompt", "names": names},
            "job": {"command": command, "parameters": {"to": to, "text": text},
                    "grants": [{"role": "contributor", "name_pattern": to}]}} | more


def set_trigger(who, name, body, status=200):
    answer = who.call("PUT", f"/api/v1/triggers/{name}", body)
    assert answer.status == status, answer
    return answer


def firings(who, name, count=None):
    """What a trigger did, oldest first; waits until it did `count` things."""
    def found():
        listed = who.ok("GET", f"/api/v1/triggers/{name}")["firings"]
        return listed[::-1] if count is None or len(listed) >= count else None
    return eventually(found) if count else found()


class Runner:
    def __init__(self, house, tmp_path, token=None):
        self.house, self.folder = house, tmp_path
        (tmp_path / "register.py").write_text(REGISTER)
        (tmp_path / "jobs.yaml").write_text(f"register:\n  run: [{sys.executable}, register.py]\n  directory: {tmp_path}\n")
        self.token = token or house.root.token("runner", {"role": "runner"})

    def once(self, code=0):
        known = {k: v for k, v in os.environ.items() if not k.startswith("REGESTA_")}
        done = subprocess.run([binary(), "runner", "--jobs", self.folder / "jobs.yaml", "--once"], capture_output=True,
                              text=True, timeout=120, env=known | {"REGESTA_URL": self.house.server.url,
                                                                   "REGESTA_TOKEN": self.token, "HOME": str(self.folder)})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr


@pytest.fixture
def runner(house, tmp_path):
    return Runner(house, tmp_path)


def job_of(house, firing):
    return house.root.ok("GET", f"/api/v1/jobs/{firing['job']}")


def test_a_version_starts_a_job_whose_version_has_a_cause(house, runner):
    """The whole thread: event, job, runner, a version in the job's name, lineage, entries."""
    set_trigger(house.root, "copy", rule("source", "copy"))
    house.carl.prompt("source", "one")
    [firing] = firings(house.root, "copy", 1)
    assert (firing["subject"], firing["outcome"], firing["depth"]) == ("prompt/source@1", "started", 0)
    assert "job" in runner.once() and job_of(house, firing)["status"] == "done"
    made = house.root.ok("GET", "/api/v1/prompts/copy/versions/1")
    assert made["template"] == f"by prompt/source@1 {firing['job']}"
    def edges():
        graph = house.root.ok("GET", "/api/v1/lineage/graph?node=prompt/copy@1&direction=upstream")
        return [(e["from"], e["to"], e["relation"]) for e in graph["edges"]]
    eventually(lambda: ("prompt/source@1", "prompt/copy@1", "triggered") in edges())
    author = house.root.ok("GET", "/api/v1/assets/prompt/copy/versions/1")["created_by"]
    assert author.startswith(f"token:job-{firing['job']}-")
    # The token ended with the job.
    assert not [t for t in house.root.ok("GET", "/api/v1/tokens")["items"] if t["name"].startswith("job-")]
    outcomes = [data["outcome"] for data in entries(house.root, "trigger.fired", 2)]
    assert outcomes == ["started", "done"]
    verified(house)


def test_filters_conditions_and_limits(house, runner):
    set_trigger(house.root, "filtered", rule("a-*", "x", filter={"actor": "user:dora"}, when='input.version == "2"'))
    set_trigger(house.root, "limited", rule("a-*", "x", limit={"count": 2, "minutes": 60}))
    for who in (house.carl, house.dora):
        for text in ("1", "2"):
            who.prompt(f"a-{who.credentials[0]}", text)
    assert [f["outcome"] for f in firings(house.root, "limited", 3)] == ["started", "started", "limited"]
    assert [f["subject"] for f in firings(house.root, "filtered", 1)] == ["prompt/a-dora@2"]
    house.carl.prompt("b-other", "1")
    refused = set_trigger(house.root, "broken", rule("c", "x", when="input.version =="), status=400)
    assert "expecting the end of the expression" in refused.text and "query.rego" not in refused.text
    refused = set_trigger(house.root, "broken", rule("c", "x") | {"on": {"action": "version.creatd"}}, status=400)
    assert "did you mean 'version.created'?" in refused.text
    refused = set_trigger(house.root, "broken", rule("c", "x") | {"filtr": {}}, status=400)
    assert "is not a known field; did you mean filter?" in refused.text
    for body in ({"on": {}}, rule("c", "x") | {"webhook": 1}, rule("c", "x", command="rm -rf /"), rule("c", "x") | {"odd": 1},
                 {"on": {"action": "version.created"}, "job": {"command": "x", "grants": [{"role": "admin", "name_pattern": "*"}]}}):
        set_trigger(house.root, "broken", body, status=400)
    assert [f["outcome"] for f in firings(house.root, "limited")] == ["started", "started", "limited"], "the limit is noted once"


def test_a_trigger_does_not_start_itself(house, runner):
    """A job that registers what its own trigger, or one further up, is about."""
    set_trigger(house.root, "self", rule("loop", "loop"))
    house.carl.prompt("loop", "start")
    assert firings(house.root, "self", 1)[0]["outcome"] == "started"
    runner.once()
    last = firings(house.root, "self", 2)[-1]
    assert last["outcome"] == "cut" and "its own job caused the event" in last["problem"] and last["subject"] == "prompt/loop@2"
    # Two that start each other.
    set_trigger(house.root, "ping", rule("ping", "pong"))
    set_trigger(house.root, "pong", rule("pong", "ping"))
    house.carl.prompt("ping", "start")
    firings(house.root, "ping", 1)
    runner.once()
    assert firings(house.root, "pong", 1)[0]["depth"] == 1
    runner.once()
    assert [f["outcome"] for f in firings(house.root, "ping", 2)] == ["started", "cut"]
    # A chain of different ones has an end, too.
    for n in range(7):
        set_trigger(house.root, f"chain{n}", rule(f"chain{n}", f"chain{n + 1}"))
    house.carl.prompt("chain0", "start")
    for n in range(5):
        assert firings(house.root, f"chain{n}", 1)[0]["outcome"] == "started", n
        runner.once()
    assert firings(house.root, "chain5", 1)[0]["outcome"] == "cut"


def test_nobody_triggers_beyond_their_own_names(house, runner):
    """Set, replace or delete a trigger about names, or with a token for names, that one does not administer."""
    nadia = person(house, "nadia", {"role": "admin", "name_pattern": "nadia-*"})
    for who in (house.carl, house.rex, house.rita, house.nina, house.wendy, house.anonymous):
        assert who.call("PUT", "/api/v1/triggers/mine", rule("source", "copy")).status in (401, 403)
    set_trigger(nadia, "out", rule("source", "nadia-x"), status=403)
    set_trigger(nadia, "out", rule("*", "nadia-x"), status=403)
    set_trigger(nadia, "out", rule("nadia-a", "copy"), status=403)
    set_trigger(nadia, "out", rule("nadia-a", "*"), status=403)
    set_trigger(nadia, "hook", {"on": {"action": "version.created", "names": "nadia-a"}, "webhook": 1}, status=403)
    set_trigger(nadia, "mine", rule("nadia-a", "nadia-b"))
    set_trigger(house.root, "roots", rule("source", "copy"))
    set_trigger(nadia, "roots", rule("nadia-a", "nadia-b"), status=403)
    assert nadia.call("DELETE", "/api/v1/triggers/roots").status in (403, 404)
    assert [t["name"] for t in nadia.ok("GET", "/api/v1/triggers")["items"]] == ["mine"]
    # Who lost the role fires nothing.
    house.root.ok("PUT", "/api/v1/users/nadia/grants", {"grants": [{"role": "contributor", "name_pattern": "nadia-*"}]})
    nadia.prompt("nadia-a", "one")
    last = firings(house.root, "mine", 1)[0]
    assert last["outcome"] == "refused" and "user:nadia" in last["problem"] and "job" not in last


def test_who_loses_the_role_before_the_job_runs(house, runner):
    nadia = person(house, "nadia", {"role": "admin", "name_pattern": "nadia-*"})
    set_trigger(nadia, "mine", rule("nadia-a", "nadia-b"))
    nadia.prompt("nadia-a", "one")
    [firing] = firings(house.root, "mine", 1)
    house.root.ok("DELETE", "/api/v1/users/nadia")
    runner.once()
    job = job_of(house, firing)
    assert job["status"] == "dead" and "may no longer" in job["reason"]
    assert house.root.get("/api/v1/prompts/nadia-b/versions/1").status == 404


def test_a_runner_gets_no_rights_beyond_its_names(house, tmp_path):
    """Lease the job of a trigger whose token opens more than the runner may run."""
    small = Runner(house, tmp_path, house.root.token("small", {"role": "runner", "name_pattern": "source"}))
    set_trigger(house.root, "copy", rule("source", "copy"))
    house.carl.prompt("source", "one")
    [firing] = firings(house.root, "copy", 1)
    small.once()
    assert job_of(house, firing)["status"] == "waiting"
    assert Caller(house.server, small.token).post("/api/v1/jobs/lease", {"jobs": ["other"], "wait": 0}).status == 204


def test_the_server_cannot_make_a_runner_execute_anything(house, runner, tmp_path):
    """Name a command that the runner does not have; put shell into parameters."""
    evil = f"$(touch {tmp_path}/owned); `touch {tmp_path}/owned`"
    set_trigger(house.root, "copy", rule("source", "copy", text=evil + " {{data.description}}"))
    set_trigger(house.root, "other", rule("source", "copy", command="bash"))
    house.carl.prompt("source", "one", description=evil)
    firings(house.root, "copy", 1)
    [unknown] = firings(house.root, "other", 1)
    runner.once()
    assert evil in house.root.ok("GET", "/api/v1/prompts/copy/versions/1")["template"]
    assert not (tmp_path / "owned").exists()
    assert job_of(house, unknown)["status"] == "waiting", "a runner without that command leaves it"


def test_a_failing_command_is_reported(house, runner):
    body = rule("source", "copy")
    body["job"]["parameters"]["fail"] = True
    set_trigger(house.root, "copy", body)
    house.carl.prompt("source", "one")
    [firing] = firings(house.root, "copy", 1)
    runner.once()
    job = job_of(house, firing)
    assert job["status"] == "dead" and "it failed on purpose" in job["reason"]


def test_each_event_is_handled_once_across_a_crash(house, runner):
    """Kill the server between an event and the next look, again and again."""
    set_trigger(house.root, "copy", rule("source", "copy", limit={"count": 100, "minutes": 60}))
    for number in range(6):
        house.carl.prompt("source", f"text {number}")
        house.server.kill()
        house.server.start()
    found = firings(house.root, "copy", 6)
    assert [f["subject"] for f in found] == [f"prompt/source@{n}" for n in range(1, 7)]
    assert len({f["job"] for f in found}) == 6
    verified(house)


def person(house, name, *grants):
    house.root.ok("POST", "/api/v1/users", {"name": name, "password": PASSWORD, "grants": list(grants)})
    return Caller(house.server, (name, PASSWORD))
