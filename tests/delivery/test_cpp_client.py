"""The installed C++ client, used by a project that knows nothing of this source tree."""

import os
import shutil
import subprocess
import time

import pytest

from delivery import done, make_prompt
from regesta_server import ROOT


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("client")
    build = ROOT / "build" / os.environ.get("REGESTA_PRESET", "dev")
    subprocess.run(["cmake", "--build", build, "--target", "regesta_prompts"], check=True, capture_output=True)
    subprocess.run(["cmake", "--install", build, "--component", "client", "--prefix", folder / "prefix"], check=True, capture_output=True)
    shutil.copytree(ROOT / "client" / "example", folder / "source")
    for arguments in (["-S", folder / "source", "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}",
                       "-DCMAKE_CXX_COMPILER=clang++-19"], ["--build", folder / "build"]):
        ran = subprocess.run(["cmake", *map(str, arguments)], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "build" / "example"


class Program:
    def __init__(self, example, server, *arguments):
        self.process = subprocess.Popen([example, server.url, "summary", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self):
        time.sleep(0.06)  # older than the program calls fresh
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0


def test_it_gets_follows_and_outlives(example, server):
    program = Program(example, server)
    assert program.ask().startswith("error 404")
    make_prompt(server.port)
    assert program.ask() == "1 fresh Summarise, way 1: {{text}}"
    done(server.port, "PUT", "/api/v1/assets/prompt/summary/aliases/production", {"version": 2})
    assert program.ask().startswith("2 fresh")
    server.stop()
    assert program.ask().startswith("2 stale")
    server.start(server.port)
    assert program.ask().startswith("2 fresh")
    program.end()


def test_keys_split_in_a_rollout(example, server):
    make_prompt(server.port)
    done(server.port, "POST", "/api/v1/prompts/summary/rollouts", {"version": 2, "steps": [{"weight": 50}]})
    answers = []
    for key in map(str, range(8)):
        program = Program(example, server, key)
        answers.append(program.ask().split()[0])
        assert program.ask().split()[0] == answers[-1]
        program.end()
    assert set(answers) == {"1", "2"}


def test_without_any_server(example, server):
    server.stop()
    program = Program(example, server)
    assert program.ask().startswith("error 0")
    program.end()
    server.start()
