"""The program as the linker left it: what an exploit of a memory fault would find."""

import re
import subprocess

import pytest

from regesta_server import binary


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, binary()], capture_output=True, text=True, check=True).stdout


def test_addresses_are_resolved_early_and_then_read_only():
    assert "Type:" in (head := readelf("-h")) and re.search(r"Type:\s+DYN", head)
    dynamic = readelf("-d")
    assert "BIND_NOW" in dynamic and "NOW" in dynamic
    segments = readelf("-l")
    assert "GNU_RELRO" in segments
    assert re.search(r"GNU_STACK.*\bRW\s", segments), "the stack must not be executable"
    writable = [line for line in segments.splitlines() if re.search(r"LOAD.*\bRWE\b", line)]
    assert not writable


def test_released_code_checks_its_frames_and_buffers():
    if "/release/" not in binary():
        pytest.skip("only what is released is compiled with these checks")
    symbols = readelf("--dyn-syms")
    assert "__stack_chk_fail" in symbols
    # Only _FORTIFY_SOURCE makes a call of this; how many other functions have one depends on what was inlined.
    assert "__memcpy_chk" in symbols, "_FORTIFY_SOURCE"
    assert "SHSTK" in readelf("-n")
