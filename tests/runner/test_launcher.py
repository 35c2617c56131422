"""Models that a runner runs through a job engine: any launcher, and a real Slurm."""

import signal
import subprocess
import sys

import pytest
import slurm
from test_golden import ROWS, Golden, models  # noqa: F401  a fixture

from regesta_server import binary, eventually

LAUNCHER = """#!/bin/sh
echo "$1 $2" >> "$(dirname "$0")/launched"
trap 'echo ended >> "$(dirname "$0")/launched"; kill $!; exit 143' TERM
[ "$1" != hold ] || { sleep 600 & wait $!; }
shift 2
exec 3<&0
"$@" <&3 &
wait $!
"""


@pytest.fixture
def golden(server, tmp_path):
    golden = Golden(server, tmp_path)
    golden.dataset(*ROWS)
    golden.cli("golden", "create", "loans", "--pattern", "loan-*", "--dataset", "golden@1", "--tolerance", "1e-6")
    return golden


def runner(golden, launcher, *more, environment=()):
    return subprocess.Popen([binary(), "runner", "--once", "--run-models", "--python", sys.executable, "--launcher", launcher, *more],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env={"REGESTA_URL": golden.url, "HOME": str(golden.folder), "PATH": "/usr/bin:/bin", **dict(environment)})


def launcher_in(folder):
    script = folder / "launch"
    script.write_text(LAUNCHER)
    script.chmod(0o755)
    return script


def test_a_launcher_gets_the_limits_and_runs_the_model(golden, models):
    script = launcher_in(golden.folder)
    golden.model(models / "doubling")
    golden.waiting()
    running = runner(golden, f"{script} --mem={{memory_mb}} --time={{minutes}}", "--model-seconds", "90", "--model-memory-mb", "4096")
    assert "evidence" in running.communicate(timeout=300)[0]
    assert (golden.folder / "launched").read_text() == "--mem=4096 --time=2\n" * 2, "once for each repetition"
    [run] = golden.report()["runs"]
    assert run["summary"]["passed"] is True
    environment = golden.call("GET", f"/evidence/{run['evidence']}")["body"]["environment"]
    assert environment["isolation"] == str(script)


def test_a_runner_that_is_stopped_asks_its_launcher_to_take_the_work_back(golden, models):
    script = launcher_in(golden.folder)
    golden.model(models / "doubling")
    golden.waiting()
    running = runner(golden, f"{script} hold on")
    eventually(lambda: (golden.folder / "launched").exists())
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert "ended" in (golden.folder / "launched").read_text()
    assert [job["status"] for job in golden.jobs()] == ["waiting"], "the job is there for another runner"


def test_a_launcher_that_is_not_there_is_named(golden, models):
    golden.model(models / "doubling")
    golden.waiting()
    said = runner(golden, "no-such-launcher").communicate(timeout=60)[0]
    assert "no-such-launcher cannot be started" in said, said


@pytest.mark.skipif(not slurm.is_here(), reason="needs slurm-wlm, munge and root")
def test_golden_tests_on_slurm(golden, models, tmp_path_factory):
    with slurm.Slurm(tmp_path_factory.mktemp("slurm")) as cluster:
        command = "srun --quiet --mem=900 --time={minutes}"  # of the node; Python reserves more addresses than it uses
        cluster_of = {"environment": {"SLURM_CONF": cluster.config}}
        golden.model(models / "doubling")
        golden.waiting()
        running = runner(golden, command, **cluster_of)
        said = running.communicate(timeout=300)[0]
        assert "evidence" in said, said
        [run] = golden.report()["runs"]
        assert run["summary"]["passed"] is True and run["summary"]["deterministic"] is True
        assert golden.call("GET", f"/evidence/{run['evidence']}")["body"]["environment"]["isolation"] == "srun"

        # A runner that is stopped in the middle takes its job out of the cluster; another runner gets it.
        golden.model(models / "tripling")
        golden.waiting()
        running = runner(golden, command, **cluster_of)
        cluster.wait(lambda: cluster.running(), "running job")
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
        cluster.wait(lambda: not cluster.running(), "end of the job in the cluster")
        assert [job["status"] for job in golden.jobs(subject="model/loan-risk@2")] == ["waiting"]
        said = runner(golden, command, **cluster_of).communicate(timeout=300)[0]
        assert "evidence" in said, said
        assert golden.report()["runs"][0]["summary"]["passed"] is False
