"""The programs of docs/python.md do what the page says."""

import os
import re
import subprocess
import sys

from regesta_server import ROOT
from sdk import SOURCE, connect, make, point


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.S)


def test_the_programs_of_the_page(server, tmp_path):
    greet, promote, tests = blocks("python")
    make(server, template="Hello {{name}}!")
    make(server, template="Good to see you, {{name}}!")
    point(server, 1)
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "REGESTA_URL": server.url}

    def run(text, *command):
        (tmp_path / "test_page.py").write_text(text.replace("http://127.0.0.1:4600", server.url))
        ran = subprocess.run([sys.executable, *command, "test_page.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    assert run(greet) == "Hello Ada!\n"
    assert run(promote) == ""
    assert "2 passed" in run(tests, "-m", "pytest", "-p", "regesta.pytest_plugin", "-p", "no:cacheprovider")
    [pins] = blocks("toml")
    (tmp_path / "pins.toml").write_text(pins)
    with connect(server, config=tmp_path / "pins.toml") as client:
        assert client.prompt("greeting").version == 1
        assert client.prompt("greeting", "production").version == 2
        assert client.quality("greeting")[0]["metric"] == "helpfulness"
