import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))


@pytest.fixture(scope="session")
def program():
    """The optimised program: the one that REGESTA_RELEASE_BINARY names, or the one that is built now (seconds, after `make demo`)."""
    if named := os.environ.get("REGESTA_RELEASE_BINARY"):
        return pathlib.Path(named)
    subprocess.run([ROOT / "tools" / "build", "release", "regesta"], check=True)
    return ROOT / "build" / "release" / "regesta"
