"""Rollouts on a running server: they step by themselves, survive a restart and a kill, and no key flips on the way."""

import json
import subprocess
import time

from delivery import done, eventually, make_prompt, resolve, served
from regesta_server import Server, binary

KEYS = [f"user-{i}" for i in range(300)]


def start(port, steps, **more):
    return done(port, "POST", "/api/v1/prompts/summary/rollouts", {"version": 2, "steps": steps} | more)


def show(port, rollout):
    return done(port, "GET", f"/api/v1/prompts/summary/rollouts/{rollout['id']}")


def moved(before, after):
    """Keys that lost the candidate."""
    return [key for key in before if before[key] == 2 and after[key] != 2]


def test_it_steps_by_itself_and_no_key_flips(server):
    make_prompt(server.port)
    rollout = start(server.port, [{"weight": 10, "bake_seconds": 1}, {"weight": 40, "bake_seconds": 1}, {"weight": 100, "bake_seconds": 1}])
    seen = [served(server.port, KEYS)]
    assert 5 <= sum(version == 2 for version in seen[0].values()) <= 70
    for step in (1, 2):
        eventually(lambda step=step: show(server.port, rollout)["step"] == step)
        seen.append(served(server.port, KEYS))
        assert moved(seen[-2], seen[-1]) == []
    assert set(seen[-1].values()) == {2}
    eventually(lambda: show(server.port, rollout)["status"] == "completed")
    assert resolve(server.port)["version"] == 2
    history = done(server.port, "GET", "/api/v1/assets/prompt/summary/aliases/production/history")["items"]
    assert (history[0]["from"], history[0]["to"], history[0]["actor"]) == (1, 2, "system:rollout")


def test_a_restart_in_the_middle(server):
    make_prompt(server.port)
    rollout = start(server.port, [{"weight": 30, "bake_seconds": 2}, {"weight": 100}])
    before = served(server.port, KEYS)
    server.restart()
    assert served(server.port, KEYS) == before
    eventually(lambda: show(server.port, rollout)["step"] == 1)
    assert moved(before, served(server.port, KEYS)) == []


def test_a_kill_in_the_middle(tmp_path):
    server = Server(tmp_path / "data").start()
    make_prompt(server.port)
    rollout = start(server.port, [{"weight": share, "bake_seconds": 0} for share in range(1, 60)] + [{"weight": 60}])
    shares = []
    for _ in range(6):  # it steps as fast as it can, and is shot while it does
        before = served(server.port, KEYS[:40])
        server.kill()
        server = Server(tmp_path / "data").start()
        now = show(server.port, rollout)
        assert now["status"] == "running" and now["step"] == now["revision"]
        assert moved(before, served(server.port, KEYS[:40])) == []
        shares.append(now["share"])
    assert shares == sorted(shares)
    eventually(lambda: show(server.port, rollout)["share"] == 60)
    assert server.stop() == 0
    verified = subprocess.run([binary(), "ledger", "verify", "--data", str(tmp_path / "data")], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_pause_holds_and_resuming_goes_on(server):
    make_prompt(server.port)
    while True:
        rollout = start(server.port, [{"weight": 10, "bake_seconds": 2}, {"weight": 100}])
        path = f"/api/v1/prompts/summary/rollouts/{rollout['id']}"
        if done(server.port, "POST", path + "/pause", {"reason": "lunch"})["step"] == 0:
            break
        done(server.port, "POST", path + "/stop", {})  # a busy machine: the first step ended before the pause
    time.sleep(3)
    assert show(server.port, rollout)["step"] == 0
    done(server.port, "POST", path + "/resume", {})
    eventually(lambda: show(server.port, rollout)["step"] == 1)


def test_the_same_from_the_command_line(server):
    make_prompt(server.port)

    def regesta(*words, code=0):
        run = subprocess.run([binary(), *words, "--json", "--url", server.url], capture_output=True, text=True)
        assert run.returncode == code, run.stderr
        return json.loads(run.stdout) if code == 0 else run.stderr

    made = regesta("rollout", "start", "summary", "2", "--steps", "12.5:1h,50%:30m,100", "--holdback", "5", "-m", "shorter")
    assert made["share"] == 12.5 and [step.get("bake_seconds") for step in made["steps"]] == [3600, 1800, None]
    number = str(made["id"])
    assert regesta("rollout", "pause", "summary", number)["status"] == "paused"
    assert regesta("rollout", "resume", "summary", number)["status"] == "running"
    assert regesta("rollout", "advance", "summary", number)["step"] == 1
    assert regesta("rollout", "kill", "summary", number, "-m", "fire")["forced"] == 1
    assert regesta("rollout", "rollback", "summary", number, "-m", "worse")["status"] == "rolled_back"
    assert [item["id"] for item in regesta("rollout", "list", "summary")["items"]] == [made["id"]]
    assert regesta("rollout", "show", "summary", number)["end_reason"] == "worse"
    regesta("rollout", "show", "summary", "999", code=4)
    regesta("rollout", "start", "summary", "2", "--steps", "12.5:soon", code=2)
