import pathlib
import shutil
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "operate"), str(TESTS / "objectstore"), str(TESTS)]

from topology import running  # noqa: E402


@pytest.fixture
def topology(tmp_path):
    """Two servers behind HAProxy, not started yet."""
    assert shutil.which("haproxy") or pathlib.Path("/usr/sbin/haproxy").exists(), "run tools/setup: it installs HAProxy"
    with running(tmp_path) as servers:
        yield servers
