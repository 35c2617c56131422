"""A short run of the crash test of the content store. REGESTA_CRASH_SECONDS makes it a long one."""

import os
import pathlib
import subprocess
import sys

from seed import seed

KILL = pathlib.Path(__file__).parent / "kill_blobs.py"


def test_no_file_is_lost_and_nothing_left_over():
    seconds = os.environ.get("REGESTA_CRASH_SECONDS", "12")
    done = subprocess.run([sys.executable, KILL, "--seconds", seconds, "--seed", str(seed())], capture_output=True, text=True, timeout=float(seconds) + 200)
    print(done.stdout)  # holds the seed
    assert done.returncode == 0, done.stdout + done.stderr[-6000:]
    assert "nothing left over" in done.stdout
