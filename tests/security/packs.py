"""Evidence packs: what tests make, change and verify."""

import copy
import hashlib
import io
import json
import subprocess
import zipfile

from regesta_server import binary

MANIFEST = "manifest.json"


class Pack:
    """The members of a pack, to be changed and written again."""

    def __init__(self, raw):
        self.raw = raw
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            self.members = {info.filename: archive.read(info) for info in archive.infolist()}

    def json(self, path):
        return json.loads(self.members[path])

    def set(self, path, value):
        self.members[path] = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def copy(self):
        return copy.deepcopy(self)

    def relist(self):
        """Lets the manifest say what the members are: what a careful forger does."""
        manifest = self.json(MANIFEST)
        manifest["members"] = [{"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
                               for path, data in sorted(self.members.items()) if path != MANIFEST]
        self.set(MANIFEST, manifest)
        return self

    def write(self, file):
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for path, data in self.members.items():
                archive.writestr(path, data)
        return file


def fetch(who, kind, name, number, query=""):
    answer = who.get(f"/api/v1/assets/{kind}/{name}/versions/{number}/pack{query}")
    assert answer.status == 200, answer
    return Pack(answer.body)


def verify(file, *more):
    """(exit code, the report), without any server."""
    process = subprocess.run([binary(), "pack", "verify", str(file), "--json", *map(str, more)], capture_output=True, text=True,
                             timeout=60, env={"REGESTA_URL": "http://127.0.0.1:9", "HOME": "/nonexistent"})
    return process.returncode, json.loads(process.stdout)


def named(report):
    return {finding["subject"] for finding in report["findings"]}
