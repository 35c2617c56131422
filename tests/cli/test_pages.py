"""What the documents print is what happens: their files and commands, read out of the page and run in an empty folder."""

import os
import pathlib
import re
import subprocess

import pytest

from regesta_server import ROOT, binary


def steps(page, heading):
    """The section's blocks in order: ("file", path, text) where a line names a path before it, ("sh", command) a line of a shell block."""
    text = (ROOT / "docs" / page).read_text()
    section = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## )", text, re.M | re.S).group(1)
    for before, language, block in re.findall(r"([^\n]*)\n\n?```(\w*)\n(.*?)```", section, re.S):
        named = re.search(r"[Ww]rite `([^`]+)`", before)
        if language == "sh":
            yield from (("sh", line, "") for line in block.strip().split("\n"))
        elif named:
            yield "file", named.group(1), block


@pytest.fixture
def shell(server, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    clean = {key: value for key, value in os.environ.items() if not key.startswith("REGESTA_")}
    environment = {**clean, "REGESTA_URL": server.url, "XDG_CONFIG_HOME": str(tmp_path / "config"),
                   "PATH": f"{pathlib.Path(binary()).parent}:{os.environ['PATH']}"}

    def play(page, heading):
        outputs = {}
        for kind, what, text in steps(page, heading):
            if kind == "file":
                (folder / what).parent.mkdir(parents=True, exist_ok=True)
                (folder / what).write_text(text)
                continue
            assert what not in outputs or what == "regesta prompt push prompts", what
            outputs[what] = subprocess.run(["bash", "-c", what], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
        return outputs

    return play


def test_from_an_empty_folder_to_a_guarded_rollout(shell):
    heading = "From an empty folder to a guarded rollout in ten commands"
    assert sum(kind == "sh" for kind, _, _ in steps("prompts.md", heading)) == 10
    outputs = shell("prompts.md", heading)
    for command, got in outputs.items():
        assert got.returncode == 0, (command, got.stdout, got.stderr)
        assert "regesta prompt" not in command or not got.stderr, (command, got.stderr)
    printed = {command.split(" ")[2] + " " + command.split(" ")[1]: got.stdout for command, got in outputs.items()}
    assert "Hello Eva, how can I help?" in printed["render prompt"]
    assert "{+to see you, +}" in printed["diff prompt"] and "minor" in printed["diff prompt"]
    assert "version 2 (candidate) beside 1 at 10 %" in printed["start rollout"]
    assert "helpfulness" in printed["why rollout"] and "1 of " in printed["why rollout"]


def test_a_first_policy(shell):
    outputs = shell("policy-input.md", "A first policy")
    assert len(outputs) == 5
    for command, got in outputs.items():
        waits = command.startswith("regesta promote")
        assert got.returncode == (3 if waits else 0), (command, got.stdout, got.stderr)
        assert "stops rollbacks" not in got.stderr
        if waits:
            assert "would not move" in got.stdout and "a model card exists" in got.stdout
            assert "evidence add model/my-model@1 --type card" in got.stdout
