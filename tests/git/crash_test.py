"""Servers that die in the middle of a push, and two servers on one database."""

import random
import subprocess
import threading

import pytest
from seed import seed

from conftest import Api, Clone, prompt
from regesta_server import ROOT, Server


@pytest.fixture
def postgres(tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgres")
    for path in (folder, *list(folder.parents)[:2]):
        path.chmod(0o755)  # as root the cluster runs as another user, who must get through
    url = subprocess.run([ROOT / "tools" / "postgres", "start", folder / "pg"], check=True, capture_output=True, text=True).stdout.strip()
    yield url
    subprocess.run([ROOT / "tools" / "postgres", "drop", folder / "pg"], check=False)


def check_whole(server, folder, acknowledged):
    """Acknowledged pushes exist; main and the registered versions agree; every object is intact."""
    api = Api(server)
    work = Clone(folder, f"{server.url}/git/prompts.git")
    assert work.git("fsck", "--strict").code == 0
    assert not acknowledged or work.git("merge-base", "--is-ancestor", acknowledged[-1], "HEAD", check=False).code == 0
    on_main = {(file.parent.name, file.stem[1:]) for file in work.path.glob("prompts/*/v*.md")}
    registered = set()
    status, answer = api.call("GET", "/api/v1/assets?kind=prompt&page_size=1000")
    for asset in answer["items"]:
        for version in api.ok("GET", f"/api/v1/assets/prompt/{asset['name']}/versions")["items"]:
            registered.add((asset["name"], version["semver"]))
    assert on_main == registered
    tags = set(work.git("tag").out.split())
    assert tags == {f"{name}@v{semver}" for name, semver in registered}
    return work


@pytest.mark.parametrize("rounds", [8])
def test_kill_during_push(tmp_path, rounds):
    chance = random.Random(seed())
    server = Server(tmp_path / "data").start()
    work = Clone(tmp_path / "work", f"{server.url}/git/prompts.git")
    work.commit("first", files={"prompts/p/v1.0.0.md": prompt("Number 0")})
    work.push()
    acknowledged, count = [work.head()], 0
    for round in range(rounds):
        stop = threading.Timer(chance.uniform(0.05, 1.0), server.kill)
        stop.start()
        for _ in range(50):
            count += 1
            head = work.commit(f"commit {count}", files={f"prompts/p{count}/v1.0.0.md": prompt(f"Number {count}")})
            if work.push(check=False).code != 0:
                break
            acknowledged.append(head)
        stop.join()
        server.start(server.port)
        check_whole(server, tmp_path / f"check{round}", acknowledged)
        # The push that nobody acknowledged is there whole or not at all, and goes through now.
        work.push()
        acknowledged.append(work.head())
    check_whole(server, tmp_path / "last", acknowledged)
    assert Api(server).ok("POST", "/api/v1/ledger/verify")["ok"]
    assert server.stop() == 0


def test_two_servers_on_postgres(tmp_path, postgres):
    first = Server(tmp_path / "one", "--db", postgres).start()
    # Blobs are files, so both servers share that folder; all the rest is each one's own.
    second_data = tmp_path / "two"
    second_data.mkdir()
    (second_data / "blobs").symlink_to(tmp_path / "one" / "blobs")
    (second_data / "keys").symlink_to(tmp_path / "one" / "keys")
    second = Server(second_data, "--db", postgres).start()
    try:
        here = Clone(tmp_path / "here", f"{first.url}/git/prompts.git")
        here.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
        here.push()
        there = Clone(tmp_path / "there", f"{second.url}/git/prompts.git")
        assert there.head() == here.head()
        Api(first).prompt("greeting", "Hello {{name}}! How are you?")
        # Both may write the same commit at once; whoever is second takes the other's.
        results = []
        threads = [threading.Thread(target=lambda w=w: results.append(w.git("pull", "-q", "--ff-only", check=False)))
                   for w in (here, there)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [done.code for done in results] == [0, 0], [done.err for done in results]
        assert there.head() == here.head()
        # One of two pushes to different servers wins.
        here.commit("a", files={"prompts/a/v1.0.0.md": prompt("A")})
        there.commit("b", files={"prompts/b/v1.0.0.md": prompt("B")})
        outcomes = []
        threads = [threading.Thread(target=lambda w=w: outcomes.append(w.push(check=False))) for w in (here, there)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done.code == 0 for done in outcomes) == [False, True], [done.err for done in outcomes]
        assert "fetch first" in "".join(done.err for done in outcomes if done.code)
        check_whole(first, tmp_path / "check", [])
        check_whole(second, tmp_path / "check2", [])
    finally:
        assert second.stop() == 0
        assert first.stop() == 0
