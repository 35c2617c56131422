"""The package is typed: mypy --strict accepts it, and sees its types from outside."""

import importlib.util
import os
import subprocess
import sys

import pytest

from regesta_server import ROOT
from sdk import SOURCE

USE = """
import regesta

client = regesta.Client()
reveal_type(client.prompt("a").render(name="b"))
reveal_type(client.promote("a@1").to_version)
client.prompt(1)
"""


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy_is_content(tmp_path):
    cache = ["--cache-dir", str(tmp_path / "cache")]
    ran = subprocess.run([sys.executable, "-m", "mypy", *cache], cwd=ROOT / "sdk" / "python", capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
    (tmp_path / "use.py").write_text(USE)
    ran = subprocess.run([sys.executable, "-m", "mypy", "--strict", *cache, "use.py"], cwd=tmp_path, capture_output=True,
                         text=True, env=os.environ | {"MYPYPATH": str(SOURCE)})
    assert '"builtins.str"' in ran.stdout or '"str"' in ran.stdout, ran.stdout
    assert '"int"' in ran.stdout.replace("builtins.", "") and 'incompatible type "int"' in ran.stdout
