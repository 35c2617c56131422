"""The disk whose power can be cut (tests/crash/powercut), and a server on it."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from regesta_server import Server, binary


def program():
    return pathlib.Path(binary()).parent / "tests" / "powercut"


def why_not():
    """The reason why no such disk can be mounted here, or an empty text."""
    if not program().exists():
        return "powercut was not built: libfuse3-dev is missing"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse cannot be opened here"
    return ""


class Disk:
    """Mounted at `folder`/disk until close()."""

    def __init__(self, folder):
        self.mount = pathlib.Path(folder) / "disk"
        self.mount.mkdir(parents=True)
        log = self.mount.parent / "powercut.log"  # libfuse complains about the end of each mount
        self.process = subprocess.Popen([program(), self.mount], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log.open("w"), text=True)
        assert self.answer() == "mounted", log.read_text()

    def answer(self):
        return self.process.stdout.readline().strip()

    def command(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.answer()
        assert answer and not answer.startswith("unknown"), f"{words}: {answer or 'powercut ended'}"
        return answer

    def cut(self):
        self.command("cut")

    def cut_at(self, nth):
        self.command("cut-at", nth)

    def is_off_within(self, seconds):
        return self.command("wait", int(seconds * 1000)) == "off"

    def restore(self, how="some", seed=0):
        self.command("restore", how, seed)

    def fail(self, kind, nth, error="EIO", onwards=False):
        self.command("fail", kind, nth, error, "onwards" if onwards else "")

    def fail_on(self, kind, part, nth, error):
        """On paths that contain `part`; error "cut": the power goes before that operation."""
        self.command("fail-on", kind, part, nth, error)

    def heal(self):
        self.command("fail", "any", 0, "EIO")

    def changes(self):
        return int(self.command("count").split()[0])

    def matches(self):
        return int(self.command("count").split()[1])

    def used(self):
        """Bytes."""
        return int(self.command("count").split()[2])

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(30)
        shutil.rmtree(self.mount.parent, ignore_errors=True)


class DiskServer(Server):
    """Its log is elsewhere, so that it is no part of what is cut."""

    def __init__(self, disk, *options, environment=None):
        super().__init__(disk.mount / "data", *options, environment=environment)
        self.log_file = disk.mount.parent / "server.log"
