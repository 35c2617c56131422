"""The store's chunks and hashes against Hugging Face's own packages: hf_xet and @huggingface/xetchunk-wasm."""
import hashlib
import os
import pathlib
import random
import re
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ["REGESTA_BINARY"]).parent / "tests" / "xet_chunks"
JS = ROOT / "tests" / "clients" / "js"


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def cut_at(length, seed):
    """Bytes after whose first `length` the rolling hash of the last 64 asks for a cut."""
    table, stream, value = gear_table(), noise(2_000_000, seed), 0
    for at, byte in enumerate(stream):
        value = (value * 2 + table[byte]) & (2**64 - 1)
        if at >= 64 and value >> 48 == 0:
            return noise(length - 64, seed + 1) + stream[at - 63:at + 1] + noise(50_000, seed + 2)
    raise AssertionError("no cut in 2 MB of noise")


def gear_table():
    """The table of the gearhash crate, read from its source."""
    folder = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")) / "registry" / "src"
    source = next(folder.glob("*/gearhash-*/src/table.rs")).read_text()
    numbers = [int(word.replace("_", ""), 16) for word in re.findall(r"0x[0-9a-fA-F_]{9,}", source)]
    assert len(numbers) == 256
    return numbers


def inputs():
    floats = b"".join(struct.pack("<f", random.Random(7).gauss(0, 0.02)) for _ in range(300_000))
    yield "empty", b""
    for size in (1, 63, 64, 8191, 8192, 8193, 65_536, 131_071, 131_072, 131_073, 1_000_003):
        yield f"noise {size}", noise(size, size)
    for length in (8128, 8129, 8191, 8192, 8193, 131_071, 131_072):
        yield f"cut at {length}", cut_at(length, length)
    yield "zeros", bytes(3_000_000)
    yield "text", b"".join(f"row {i},{i * i % 97}\n".encode() for i in range(400_000))
    yield "floats", floats
    yield "large noise", noise(60_000_000, 3)
    middle = bytearray(noise(20_000_000, 4))
    middle[9_000_000:9_000_000] = b"an insertion"
    yield "insertion", bytes(middle)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("xet")
    found = {}
    for name, content in inputs():
        path = folder / hashlib.sha256(name.encode()).hexdigest()[:12]
        path.write_bytes(content)
        found[name] = path
    return found


def ours(path, piece=65_537):
    return subprocess.run([PROGRAM, path, str(piece)], check=True, capture_output=True, text=True).stdout


def lengths(printed):
    return [int(line.split()[0]) for line in printed.splitlines() if line[0].isdigit()]


def test_agrees_with_hf_xet(files):
    import hf_xet

    theirs = hf_xet.hash_files([str(path) for path in files.values()])
    wrong = [name for (name, path), their in zip(files.items(), theirs) if f"file {their.hash}\n" not in ours(path)]
    assert not wrong


def test_agrees_with_xetchunk_wasm(files):
    printed = subprocess.run(["node", "xet_chunks.mjs", *files.values()], cwd=JS, check=True, capture_output=True, text=True).stdout
    compared = 0
    for name, theirs in zip(files, printed.split("\n\n")):
        # The JavaScript package may cut a chunk below the format's minimum of 8 KiB; hf_xet never does.
        if any(length < 8192 for length in lengths(theirs)[:-1]):
            continue
        compared += 1
        assert ours(files[name]).strip() == theirs.strip(), name
    assert compared > len(files) // 2


@pytest.mark.parametrize("piece", [1000, 8192, 3_000_000])
def test_pieces_do_not_matter(files, piece):
    for name in ("noise 1000003", "cut at 8192", "text"):
        assert ours(files[name], piece) == ours(files[name]), name
