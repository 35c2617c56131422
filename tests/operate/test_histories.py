"""Histories of two servers under faults are linearizable; and the checker that says so rejects those that are not."""
import os
import subprocess

import pytest
import rounds
from topology import running


@pytest.fixture(scope="module", autouse=True)
def checker():
    rounds.build_checker()


def test_two_servers_under_faults(tmp_path):
    with running(tmp_path, durable=True) as topology:
        rounds.prepare(topology)
        assert rounds.play(topology, int(os.environ.get("REGESTA_FAULT_ROUNDS", "5")), seed=1) > 200


def calls(target, *steps):
    """Each step: operation, sent, result, start, end (0: unknown)."""
    return [{"object": target, "op": op, "value": value, "result": result, "client": client, "start": start, "end": end}
            for client, (op, value, result, start, end) in enumerate(steps)]


APPROVALS = [("approve", f"risk{number}", "done", number, number + 1) for number in (1, 3, 5)]


@pytest.mark.parametrize("history", [
    calls("alias 1", ("set", "1", "done", 1, 4), ("get", "", "1", 2, 3), ("get", "", "1", 5, 6)),
    calls("alias 1", ("set", "1", "", 1, 0), ("get", "", "", 2, 3), ("get", "", "1", 4, 5)),
    calls("versions 1", ("create", "", "2", 1, 9), ("create", "", "1", 2, 3), ("latest", "", "2", 4, 5)),
    calls("request 1", *APPROVALS, ("moved", "", "false", 1, 2), ("moved", "", "true", 7, 8), ("approve", "risk9", "closed", 9, 10)),
    calls("blob 1", ("get", "", "", 1, 2), ("put", "", "done", 1, 4), ("get", "", "there", 3, 6)),
])
def test_what_may_happen(history):
    assert rounds.rejected(history) == ""


@pytest.mark.parametrize("history", [
    calls("alias 1", ("set", "1", "done", 1, 2), ("set", "2", "done", 3, 4), ("get", "", "1", 5, 6)),  # stale
    calls("alias 1", ("set", "1", "", 1, 0), ("get", "", "1", 2, 3), ("get", "", "", 4, 5)),  # lost again
    calls("versions 1", ("create", "", "1", 1, 2), ("create", "", "1", 3, 4)),  # one number twice
    calls("versions 1", ("create", "", "1", 1, 2), ("create", "", "3", 3, 4)),  # a gap
    calls("request 1", *APPROVALS[:2], ("moved", "", "true", 5, 6)),  # too few approvals
    calls("request 1", *APPROVALS, ("approvals", "", "risk1 risk3", 7, 8)),  # a lost approval
    calls("request 1", *APPROVALS, ("moved", "", "true", 7, 8), ("moved", "", "false", 9, 10)),
    calls("request 1", *APPROVALS, ("moved", "", "true", 7, 8), ("approve", "risk9", "done", 9, 10)),  # after it was decided
    calls("blob 1", ("put", "", "done", 1, 2), ("get", "", "", 3, 4)),  # a lost blob
])
def test_what_may_not_happen(history):
    assert "Illegal" in rounds.rejected(history)


def test_an_unknown_model_is_an_error():
    done = subprocess.run([rounds.CHECKER], input='[{"object": "moon 1"}]', capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no model" in done.stderr
