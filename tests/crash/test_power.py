"""Short runs of what power cuts and failing disks do; REGESTA_CRASH_SECONDS makes them long."""

import os
import pathlib
import subprocess
import sys

import pytest
from disk import why_not
from seed import seed

FOLDER = pathlib.Path(__file__).parent
pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


def run(script, seconds, *options):
    seconds = os.environ.get("REGESTA_CRASH_SECONDS", seconds)
    done = subprocess.run([sys.executable, FOLDER / script, "--seconds", seconds, "--seed", str(seed()), *options], capture_output=True, text=True, timeout=float(seconds) * 2 + 900)
    print(done.stdout)  # holds the seed
    assert done.returncode == 0, done.stdout + done.stderr[-6000:]
    return done.stdout


# They need minutes to reach every place, and a busy machine to itself.
long = pytest.mark.skipif("REGESTA_CRASH_SECONDS" not in os.environ, reason="long: set REGESTA_CRASH_SECONDS, 600 for example")


@long
def test_a_power_cut_loses_nothing():
    assert "nothing lost" in run("power.py", "25")


@long
def test_each_sync_is_needed():
    assert " 0 faults" in run("sync_sites.py", "15")


def test_the_nth_fault_of_the_disk():
    assert "nothing half there" in run("nth_fault.py", "15")
