"""What the pages print is what happens: their files and commands, read out of the page and run in an empty folder."""

import os
import pathlib
import re
import subprocess

import pytest

from pages import blocks, commands
from regesta_server import binary

# First tasks of pages, and sections that go on from there. Those with a runner, a model or a client that is installed apart are tested in their own suites.
TASKS = [
    ("README.md", "Quick start"),
    ("docs/access-log.md", "Enable the access log"),
    ("docs/api.md", "Make a first call", "Pages"),
    ("docs/bom.md", "Export a BOM"),
    ("docs/cards.md", "Write a card", "Require sections"),
    ("docs/signing.md", "Sign and verify"),
    ("docs/croissant.md", "Export"),
    ("docs/delivery.md", "Roll out a new version", "Plan"),
    ("docs/evidence-pack.md", "Make and verify a pack", "Verify with other tools"),
    ("docs/formats.md", "Check a ledger entry by hand"),
    ("docs/git.md", "Register a version with Git"),
    ("docs/incidents.md", "Open an incident", "Investigate", "Close"),
    ("docs/ledger.md", "Verify what happened", "Read entries", "Keep checkpoints elsewhere"),
    ("docs/lineage.md", "Send OpenLineage", "Find what is affected", "Export"),
    ("docs/network.md", "Back up and restore"),
    ("docs/policy-input.md", "Write a first policy"),
    ("docs/prompts.md", "From an empty folder to a guarded rollout"),
    ("docs/prompts.md", "Render"),
    ("docs/quality.md", "Report and compare", "Guards"),
    ("docs/records.md", "Report and verify predictions"),
    ("docs/retention.md", "Place a legal hold"),
    ("docs/roles.md", "Give access"),
    ("docs/scan.md", "View the findings"),
    ("docs/security/database.md", "Find a change"),
    ("docs/stability.md", "Check what you run"),
    ("docs/web.md", "Approve a change"),
    ("docs/webhooks.md", "Create a webhook"),
]
# Commands that a task runs on purpose without success, by how they begin.
OTHERWISE = {
    "regesta promote": 3,
    "regesta webhook test": 1,
    "regesta incident open model/credit-limit@2": 1,  # the policy and the incident are the reader's
    "regesta ledger verify --receipt ledger/N": 4,  # N stands for a number, and there is no such file
    "regesta ledger verify --data ./regesta-data": (0, 5),
}
# They start servers, which the test has already, or build the program.
SKIPPED = ("regesta serve", "make ", "regesta agent")
PASSWORD = "correct-horse-battery"


@pytest.fixture
def play(server, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "regesta-data").symlink_to(server.data)
    # The terminal asks for passwords; here they come from a file, for the commands that ask.
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "regesta"
    wrapper.write_text(f'#!/bin/sh\ncase "$1 $2" in "user create"|"login "*) exec {binary()} "$@" <{tmp_path}/password;; esac\n'
                       f'exec {binary()} "$@"\n')
    wrapper.chmod(0o755)
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("REGESTA_", "GIT_"))}
    environment = {**clean, "REGESTA_URL": server.url, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path),
                   "GIT_AUTHOR_NAME": "Anna", "GIT_AUTHOR_EMAIL": "anna@example.org", "GIT_COMMITTER_NAME": "Anna",
                   "GIT_COMMITTER_EMAIL": "anna@example.org", "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}

    def run(page, *headings):
        outputs, where = [], folder
        for kind, what, text in (block for heading in headings for block in blocks(page, heading)):
            if kind == "file":
                (where / what).parent.mkdir(parents=True, exist_ok=True)
                (where / what).write_text(text)
                continue
            for command in commands(what):
                if command.startswith("cd "):
                    where = where / command[3:]
                elif not command.startswith(SKIPPED):
                    text = re.sub(r"(127\.0\.0\.1|localhost):4600", server.url.removeprefix("http://"), command)
                    got = subprocess.run(["bash", "-c", text], cwd=where, env=environment, capture_output=True, text=True,
                                         stdin=subprocess.DEVNULL, timeout=60)
                    outputs.append((command, got))
        return outputs

    return run


@pytest.mark.parametrize("task", TASKS, ids=["#".join(task[:2]) for task in TASKS])
def test_the_commands_of_a_page_work(play, task):
    outputs = play(*task)
    assert outputs
    for command, got in outputs:
        expected = next((code for start, code in OTHERWISE.items() if command.startswith(start)), 0)
        expected = expected if isinstance(expected, tuple) else (expected,)
        assert got.returncode in expected, (command, got.returncode, got.stdout, got.stderr)
        assert not command.startswith("curl") or '"error"' not in got.stdout, (command, got.stdout)


def test_from_an_empty_folder_to_a_guarded_rollout(play):
    outputs = play("docs/prompts.md", "From an empty folder to a guarded rollout")
    assert len(outputs) == 10
    for command, got in outputs:
        assert "regesta prompt" not in command or not got.stderr, (command, got.stderr)
    printed = {command.split(" ")[2] + " " + command.split(" ")[1]: got.stdout for command, got in outputs}
    assert "Hello Eva, how can I help?" in printed["render prompt"]
    assert "{+to see you, +}" in printed["diff prompt"] and "minor" in printed["diff prompt"]
    assert "version 2 (candidate) next to 1 at 10 %" in printed["start rollout"]
    assert "helpfulness" in printed["why rollout"] and "1 of " in printed["why rollout"]


def test_a_first_policy(play):
    outputs = play("docs/policy-input.md", "Write a first policy")
    assert len(outputs) == 5
    for command, got in outputs:
        assert "stops rollbacks" not in got.stderr
        if command.startswith("regesta promote"):
            assert "would not move" in got.stdout and "a model card exists" in got.stdout
            assert "evidence add model/my-model@1 --type card" in got.stdout


def test_the_leaf_computed_by_hand_is_the_published_one(play, server):
    leaf = next(got.stdout for command, got in play("docs/formats.md", "Check a ledger entry by hand")
                if command.startswith("python3"))
    server.settle()
    published = (pathlib.Path(server.data) / "ledger/tile/entries").rglob("*")
    assert any(leaf.splitlines()[0].encode() in path.read_bytes() for path in published if path.is_file())


def test_a_change_by_sql_is_found(play):
    outputs = play("docs/security/database.md", "Find a change")
    assert [got.returncode for command, got in outputs if "ledger verify" in command] == [5]
    assert any("alias" in got.stdout and "sql-test" in got.stdout for _, got in outputs)
