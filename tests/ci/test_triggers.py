"""examples/sentiment-pipeline without a pipeline: a new version of the prompt starts a real training on a runner, whose model registers
itself, is evaluated by the server, and asks for Production."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import Company
from regesta_server import ROOT, Server, binary, eventually

EXAMPLE = ROOT / "examples" / "sentiment-pipeline"
BETTER = "{{title}}. {{text}}\n"
NO_BETTER = "Title: {{title}}. Text: {{text}}\n"


@pytest.fixture
def bank(tmp_path):
    server = Server(tmp_path / "data").start()
    made = Company(server, tmp_path)
    made.root.done("policy", "push", "gain", EXAMPLE / "gate.rego")
    made.root.done("policy", "bind", "gain", "model/sentiment#stage:Production")
    made.root.done("trigger", "apply", EXAMPLE / "triggers.yaml")
    yield made
    assert server.stop() == 0, server.log()[-4000:]


@pytest.fixture
def runner(bank, tmp_path):
    """Runs the jobs that are due, with the example's file and folder, as a token that may run and nothing else."""
    folder, programs = tmp_path / "runner", tmp_path / "bin"
    shutil.copytree(EXAMPLE, folder)
    programs.mkdir()
    (programs / "regesta").symlink_to(binary())
    token = bank.root.done("token", "create", "runner", "--grant", "runner").strip()
    python = pathlib.Path(os.environ["REGESTA_PYTHON"]).parent

    def run():
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("REGESTA_", "MLFLOW_"))}
        done = subprocess.run([binary(), "runner", "--jobs", "jobs.yaml", "--once"], cwd=folder, capture_output=True, text=True,
                              timeout=900, env=clean | {"REGESTA_URL": bank.server.url, "REGESTA_TOKEN": token, "HOME": str(tmp_path),
                                                        "PATH": f"{programs}:{python}:{os.environ['PATH']}"})
        return done.returncode, done.stderr

    return run


def push(bank, text, number):
    file = bank.root.folder / f"{number}.md"
    file.write_text(text)
    bank.root.done("prompt", "create", "review", "--file", file)


def fired(bank, count):
    def found():
        firings = bank.root.json("trigger", "show", "tune-on-prompt")["firings"]
        return firings[::-1] if len(firings) >= count and all(f.get("job") for f in firings) else None
    return eventually(found)


def job_of(bank, firing):
    return [job for job in bank.root.json("job", "list")["items"] if job["id"] == firing["job"]][0]


def stages(bank):
    return {v["version"]: v["stage"] for v in bank.root.json("version", "list", "model/sentiment")["items"]}


def test_a_prompt_starts_a_training_whose_model_asks_for_production(bank, runner):
    push(bank, "{{title}}\n", 1)
    [firing] = fired(bank, 1)
    assert firing["subject"] == "prompt/review@1"
    code, text = runner()
    assert code == 0 and job_of(bank, firing)["status"] == "done", text
    assert stages(bank) == {1: "Production"}, text

    push(bank, BETTER, 2)
    firing = fired(bank, 2)[-1]
    code, text = runner()
    assert job_of(bank, firing)["status"] == "done", text
    assert stages(bank)[2] == "Production", text
    shown = bank.root.json("version", "show", "model/sentiment@2")
    assert shown["created_by"].startswith("token:job-")

    def edges():
        graph = json.loads(bank.root.done("lineage", "export", "model/sentiment@2", "--format", "prov"))
        return json.dumps(graph)
    eventually(lambda: "review_402" in edges())

    # One that is not better enough is registered, evaluated, and refused with the reason in the job.
    push(bank, NO_BETTER, 3)
    firing = fired(bank, 3)[-1]
    runner()
    assert stages(bank)[3] != "Production" and stages(bank)[2] == "Production"
    job = job_of(bank, firing)
    assert job["status"] == "dead" and "below the required" in job["reason"], job
    # The training of one prompt starts no other.
    assert len(bank.root.json("trigger", "show", "tune-on-prompt")["firings"]) == 3
