"""The unmodified JavaScript SDKs: each file of tests/clients/js runs under Node against one real server."""

import os
import pathlib
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent / "js"
FILES = sorted(path.name for path in FOLDER.glob("*.test.mjs"))


def test_the_packages_are_installed():
    assert FILES and (FOLDER / "node_modules").is_dir(), "run tools/setup"


@pytest.mark.parametrize("file", FILES)
def test_javascript(shared_server, file):
    ran = subprocess.run(["node", "--test", "--test-reporter=spec", "--test-timeout=180000", "--test-force-exit", str(FOLDER / file)], cwd=FOLDER, timeout=400,
                         env={**os.environ, "REGESTA_URL": shared_server.url, "NODE_NO_WARNINGS": "1"},
                         capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-4000:]
    assert "fail 0" in ran.stdout and "pass 0" not in ran.stdout, ran.stdout
