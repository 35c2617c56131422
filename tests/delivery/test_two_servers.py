"""Two servers on one PostgreSQL: what one changes the other serves and tells within a moment, and they do not step twice."""

import os
import tempfile

import pytest

from delivery import Watcher, done, eventually, make_prompt, resolve, served, two_servers

KEYS = [f"user-{i}" for i in range(60)]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    with tempfile.TemporaryDirectory(prefix="rg-", dir="/tmp") as folder:  # a socket's path must be short
        os.chmod(folder, 0o755)  # PostgreSQL runs as a user of its own where the tests run as root
        with two_servers(tmp_path_factory.mktemp("pair"), folder + "/pg") as servers:
            yield servers


def test_the_other_serves_the_change_within_a_moment(pair):
    first, second = pair
    make_prompt(first.port, "moving")
    assert resolve(second.port, name="moving")["version"] == 1
    for version in (2, 1, 2, 1, 2):
        done(first.port, "PUT", "/api/v1/assets/prompt/moving/aliases/production", {"version": version})
        assert resolve(first.port, name="moving")["version"] == version  # here at once
        eventually(lambda version=version: resolve(second.port, name="moving")["version"] == version, every=0.001)


def test_the_other_tells_its_watchers(pair):
    first, second = pair
    make_prompt(first.port, "told")
    watchers = [Watcher(second.port, "?prompt=told") for _ in range(50)]
    done(first.port, "PUT", "/api/v1/assets/prompt/told/aliases/production", {"version": 2})
    for watcher in watchers:
        watcher.until("alias.moved")
    for watcher in watchers:
        watcher.close()


def test_both_split_alike_and_step_once(pair):
    first, second = pair
    make_prompt(first.port, "summary")
    rollout = done(first.port, "POST", "/api/v1/prompts/summary/rollouts",
                   {"version": 2, "steps": [{"weight": share, "bake_seconds": 0} for share in range(10, 50)] + [{"weight": 50}]})
    path = f"/api/v1/prompts/summary/rollouts/{rollout['id']}"
    eventually(lambda: done(second.port, "GET", path)["share"] == 50)
    eventually(lambda: served(first.port, KEYS) == served(second.port, KEYS))
    assert {1, 2} == set(served(first.port, KEYS).values())

    def steps():
        entries = done(first.port, "GET", "/api/v1/changes?after=0&prompt=summary")["items"]
        return [item["body"]["data"]["step"] for item in entries if item["body"]["action"] == "rollout.stepped"]

    eventually(lambda: 40 in steps())  # entries get their place in the ledger a moment later
    assert steps() == list(range(1, 41))
