"""The real runners: `act` for GitHub's workflows and `gitlab-ci-local` for GitLab's pipelines, both on the host."""

import os
import pathlib
import shutil
import subprocess
import sys

from go_tool import go_tool

from regesta_server import binary

ACT = "v0.2.89"
FOLDER = pathlib.Path(__file__).resolve().parent


def act_program():
    return go_tool("github.com/nektos/act", ACT)


def git(folder, *words):
    identity = ["-c", "user.name=Dana", "-c", "user.email=dana@example.com", "-c", "init.defaultBranch=main"]
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


class Repository:
    """A Git work tree of a data scientist, and the tools of its CI runner."""

    def __init__(self, folder, *sources):
        self.folder = folder
        folder.mkdir(parents=True)
        for source, target in sources:
            shutil.copytree(source, folder / target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        git(folder, "init", "--quiet")
        git(folder, "remote", "add", "origin", "https://example.com/bank/sentiment.git")
        self.commit("first")
        # The runner's PATH: the program under test, the Python of the tests, and the system's tools.
        tools = folder.parent / "tools"
        tools.mkdir(exist_ok=True)
        if not (tools / "regesta").exists():
            (tools / "regesta").symlink_to(binary())
        home = folder.parent / "home"
        home.mkdir(exist_ok=True)
        self.environment = {"PATH": f"{tools}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(home),
                            "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "LANG": "C.UTF-8"}

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, message):
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", message)

    def github(self, url, token=None, event="push", **environment):
        """A workflow run by act; the exit code and what it printed. `environment`: what GitHub's runner sets in the job."""
        words = [act_program(), event, "-P", "ubuntu-latest=-self-hosted", "--var", f"REGESTA_URL={url}", "--no-cache-server",
                 "--action-offline-mode"]
        if token:
            words += ["-s", "REGESTA_TOKEN"]
        for name, value in environment.items():
            words += ["--env", f"{name}={value}"]
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment | ({"REGESTA_TOKEN": token} if token else {}), text=True, timeout=500,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout

    def gitlab(self, url, token, *words):
        """A pipeline run by gitlab-ci-local; the exit code and what it printed."""
        done = subprocess.run(
            ["node", str(FOLDER / "node_modules" / "gitlab-ci-local" / "src" / "index.js"), "--force-shell-executor",
             "--shell-isolation", "--variable", f"REGESTA_URL={url}", "--variable", f"REGESTA_TOKEN={token}", *words],
            cwd=self.folder, env=self.environment | {"GITLAB_CI": ""}, text=True, timeout=500,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout
