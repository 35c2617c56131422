"""`regesta agent`: responds as the server does, follows its changes, and keeps working when the server is down."""

import os
import re
import signal
import subprocess

import pytest

from delivery import call, done, eventually, make_prompt, resolve
from regesta_server import binary

KEYS = [f"user-{i}" for i in range(100)]


class Agent:
    def __init__(self, server, folder, *options):
        self.arguments = [binary(), "agent", "--server", server.url, "--dir", str(folder), *options]

    def start(self, port=0):
        self.process = subprocess.Popen([*self.arguments, "--listen", f"127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL, env=os.environ)
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())[1])
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0


@pytest.fixture
def agent(server, tmp_path):
    running = Agent(server, tmp_path / "agent").start()
    yield running
    if running.process.poll() is None:
        running.stop()


def both(server, agent, path, headers=None):
    status, ours, body = call(server.port, "GET", path, headers=headers)
    agents_status, agents, agents_body = call(agent.port, "GET", path, headers=headers)
    assert (agents_status, agents_body) == (status, body), path
    if status < 400:
        assert (agents["ETag"], agents["Cache-Control"]) == (ours["ETag"], ours["Cache-Control"])
    return status, ours, body


def split(port):
    return {key: resolve(port, key)["version"] for key in KEYS}


def test_it_answers_as_the_server_does(server, agent):
    make_prompt(server.port)
    done(server.port, "POST", "/api/v1/prompts/summary/rollouts", {"version": 2, "steps": [{"weight": 40}]})
    base = "/api/v1/prompts/summary"
    for path in ("/resolve", "/resolve?key=anna", "/resolve?alias=production.b7", "/resolve?alias=production.b77", "/resolve?alias=latest",
                 "/resolve?alias=%5E1", "/versions/1", "/versions/1.0.0", "/versions/production", "/versions/latest"):
        both(server, agent, base + path)
    status, headers, _ = both(server, agent, base + "/resolve?key=anna")
    both(server, agent, base + "/resolve?key=anna", {"If-None-Match": headers["ETag"]})
    assert call(agent.port, "GET", base + "/resolve?key=anna", headers={"If-None-Match": headers["ETag"]})[0] == 304
    assert split(agent.port) == split(server.port)
    assert call(agent.port, "GET", "/api/v1/prompts/nothing/resolve")[0] == 404
    assert call(agent.port, "GET", base + "/resolve?alias=nowhere")[0] == 404


def test_it_follows_the_server(server, agent):
    make_prompt(server.port)
    assert resolve(agent.port)["version"] == 1
    eventually(lambda: call(agent.port, "GET", "/ready")[2]["fresh"])
    done(server.port, "PUT", "/api/v1/assets/prompt/summary/aliases/production", {"version": 2})
    eventually(lambda: resolve(agent.port)["version"] == 2)


def test_it_goes_on_without_the_server_and_after_its_own_death(server, agent, tmp_path):
    make_prompt(server.port)
    done(server.port, "POST", "/api/v1/prompts/summary/rollouts", {"version": 2, "steps": [{"weight": 40}]})
    before = split(agent.port)
    assert set(before.values()) == {1, 2}
    port = server.port
    server.stop()
    assert split(agent.port) == before
    eventually(lambda: call(agent.port, "GET", "/api/v1/prompts/summary/resolve")[1]["X-Regesta-Agent"] == "stale")
    agent.kill()
    agent.start()
    assert split(agent.port) == before
    assert call(agent.port, "GET", "/api/v1/prompts/unknown/resolve")[0] == 503
    server.start(port)
    done(server.port, "PUT", "/api/v1/assets/prompt/summary/aliases/production", {"version": 2})
    eventually(lambda: set(split(agent.port).values()) == {2})


def test_what_is_wanted_is_there_before_anybody_asks(server, tmp_path):
    make_prompt(server.port)
    agent = Agent(server, tmp_path / "agent", "--prompt", "summary", "--prompt", "summary@2").start()
    eventually(lambda: call(agent.port, "GET", "/ready")[2]["kept"] == 2)
    server.stop()
    assert resolve(agent.port)["version"] == 1
    assert done(agent.port, "GET", "/api/v1/prompts/summary/versions/2")["version"] == 2
    agent.stop()
    server.start()


def test_a_damaged_file_is_dropped(server, tmp_path):
    make_prompt(server.port)
    agent = Agent(server, tmp_path / "agent", "--prompt", "summary").start()
    eventually(lambda: call(agent.port, "GET", "/ready")[2]["kept"] == 1)
    agent.stop()
    (kept,) = (tmp_path / "agent").iterdir()
    kept.write_bytes(kept.read_bytes()[:-20])
    agent.start()
    assert resolve(agent.port)["version"] == 1  # fetched anew
    agent.stop()


def test_it_stays_on_this_machine(server, tmp_path):
    refused = subprocess.run([binary(), "agent", "--server", server.url, "--dir", str(tmp_path / "a"), "--listen", "0.0.0.0:0"],
                             capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1 and "this machine" in refused.stderr


def test_it_says_what_was_asked_for_and_is_not_there(server, tmp_path):
    make_prompt(server.port)
    agent = Agent(server, tmp_path / "agent", "--prompt", "summary", "--prompt", "summary#stagin").start()
    ready = lambda: call(agent.port, "GET", "/ready")[2]
    eventually(lambda: ready()["fresh"] and ready()["missing"] == ["summary@stagin"])
    done(server.port, "PUT", "/api/v1/assets/prompt/summary/aliases/stagin", {"version": 2})
    eventually(lambda: ready()["missing"] == [])
    agent.stop()
