"""A short run of the crash test; tests/crash/kill.py --kills 500 is the long one."""

import pathlib
import subprocess
import sys

import pytest
from seed import seed

KILL = pathlib.Path(__file__).parent / "kill.py"


@pytest.mark.parametrize("database", [[], ["--postgres"]], ids=["sqlite", "postgres"])
def test_nothing_acknowledged_is_lost(database):
    kills = "12" if not database else "5"
    done = subprocess.run([sys.executable, KILL, "--kills", kills, "--seed", str(seed()), *database], capture_output=True, text=True, timeout=300)
    print(done.stdout)  # holds the seed
    assert done.returncode == 0, done.stdout + done.stderr[-6000:]
    assert "nothing lost" in done.stdout
