"""The holdout data in DVC: the unmodified dvc program keeps the file, the server stores and versions it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from stage import WORK, command, expect, indent

DVC = Path(sys.executable).with_name("dvc")


class Project:
    """A folder with DVC whose remote is a workspace of the server."""

    def __init__(self, person, workspace="default"):
        self.folder = WORK / "data-project"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.environment = {**os.environ, "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(WORK / "dvc-site")}
        self.dvc("init", "--no-scm", "--quiet", shown=False)
        self.dvc("config", "core.check_update", "false", shown=False)
        self.dvc("remote", "add", "-d", "regesta", f"{person.url}/dvc/{workspace}")
        for key, value in (("auth", "basic"), ("user", person.name), ("password", person.password)):
            self.dvc("remote", "modify", "--local", "regesta", key, value, shown=False)

    def dvc(self, *words, shown=True):
        if shown:
            command(["dvc", *words])
        done = subprocess.run([DVC, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            expect(False, f"dvc {' '.join(words)} works, but it ended with {done.returncode}: {done.stderr or done.stdout}")
        if shown:
            indent(done.stdout)
        return done.stdout

    def push(self, file):
        """Stores a file by DVC; returns its .dvc file, which a Git repository would keep."""
        shutil.copy(file, self.folder / file.name)
        self.dvc("add", file.name, "--quiet")
        pushed = self.dvc("push")
        expect("1 file pushed" in pushed, "dvc stored the data on the server")
        return self.folder / f"{file.name}.dvc"
