"""The programs that the pages about clients print work as they are printed, with the unmodified clients."""

import os
import re
import subprocess
import sys

import pytest

from regesta_server import ROOT, binary

PROGRAMS = [
    ("mlflow.md", "train.py", ["version", "list", "iris"], "production"),
    ("traces.md", "trace.py", ["prompt", "quality", "welcome"], "helpfulness"),
    ("openfeature.md", "flag.py", ["prompt", "list"], "greeting"),
    ("langfuse.md", "chat.py", ["prompt", "show", "support/greeting"], "production"),
]


@pytest.mark.parametrize("page, name, command, expected", PROGRAMS, ids=[page for page, *_ in PROGRAMS])
def test_the_program_of_a_page_works(server, tmp_path, page, name, command, expected):
    text = (ROOT / "docs" / page).read_text()
    program = re.search(rf"[Ww]rite\s+`{name}`.*?```python\n(.*?)```", text, re.S).group(1)
    (tmp_path / name).write_text(program.replace("http://127.0.0.1:4600", server.url))
    # mlflow's setters leave the addresses of earlier tests' servers in the environment.
    clean = {key: value for key, value in os.environ.items() if key not in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")}
    environment = {**clean, "REGESTA_URL": server.url, "MLFLOW_TRACKING_URI": server.url, "LANGFUSE_BASE_URL": server.url,
                   "LANGFUSE_PUBLIC_KEY": "pk-lf-x", "LANGFUSE_SECRET_KEY": "sk-lf-x"}

    def run(*arguments):
        got = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        assert got.returncode == 0, got.stdout + got.stderr
        return got.stdout

    run(binary(), "prompt", "create", "greeting", "--template", "Hello {{name}}!")
    run(binary(), "alias", "set", "prompt/greeting", "production", "1")
    run(sys.executable, name)
    assert expected in run(binary(), *command)
