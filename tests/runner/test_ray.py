"""Golden tests on a real Ray cluster, through the launcher of integrations/ray."""

import signal
import subprocess
import sys

import pytest
import ray_cluster
from test_golden import models  # noqa: F401  a fixture
from test_launcher import golden, runner  # noqa: F401  a fixture

from regesta_server import ROOT, eventually

LAUNCHER = ROOT / "integrations" / "ray" / "regesta-ray"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with ray_cluster.Ray(tmp_path_factory.mktemp("ray")) as cluster:
        yield cluster


def launch(cluster, *command, stdin=b"", address=None):
    return subprocess.run([sys.executable, str(LAUNCHER), "--address", address or cluster.url, *command], input=stdin,
                          capture_output=True, timeout=120)


def test_the_launcher_behaves_as_the_command_that_it_runs(cluster):
    done = launch(cluster, "sh", "-c", 'cat; echo "it\'s $HOME" >&2; exit 3', stdin=b"one\ntwo\n")
    assert (done.returncode, done.stdout) == (3, b"one\ntwo\n") and done.stderr.startswith(b"it's "), done


def test_a_cluster_that_is_not_there_is_named(cluster):
    done = launch(cluster, "true", address="http://127.0.0.1:1")
    assert done.returncode == 1 and b"The Ray cluster at http://127.0.0.1:1".lower() in done.stderr.lower(), done
    done = launch(cluster, "true", address="127.0.0.1:8265")
    assert done.returncode == 2 and b"must be an http(s) URL" in done.stderr, done


def test_golden_tests_on_ray(golden, models, cluster):
    command = f"{sys.executable} {LAUNCHER} --address {cluster.url} --metadata by=regesta"
    golden.model(models / "doubling")
    golden.waiting()
    said = runner(golden, command).communicate(timeout=300)[0]
    assert "evidence" in said, said
    [run] = golden.report()["runs"]
    assert run["summary"]["passed"] is True and run["summary"]["deterministic"] is True

    # A runner that is stopped in the middle stops its job in the cluster; another runner gets the work.
    golden.model(models / "tripling")
    golden.waiting()
    before = {job["submission_id"] for job in cluster.jobs()}
    running = runner(golden, command)
    [job] = eventually(lambda: [one["submission_id"] for one in cluster.jobs() if one["submission_id"] not in before])
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    eventually(lambda: {one["submission_id"]: one["status"] for one in cluster.jobs()}[job] in ("STOPPED", "SUCCEEDED"))
    assert [job["status"] for job in golden.jobs(subject="model/loan-risk@2")] == ["waiting"]
    said = runner(golden, command).communicate(timeout=300)[0]
    assert "evidence" in said, said
    assert golden.report()["runs"][0]["summary"]["passed"] is False
