"""Programs that are built once from their Go modules, into build/tools/go. As a program: go_tool.py MODULE VERSION prints the path."""
import fcntl
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "build" / "tools" / "go"


def go_tool(module, version):
    """The program of a Go module, built the first time. Suites that run at the same time build it once."""
    name = module.rsplit("/", 1)[1]
    folder = TOOLS / f"{name}-{version}"
    program = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            subprocess.run(["go", "install", f"{module}@{version}"], check=True, timeout=1800,
                           env={**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod",
                                "PATH": f"{os.environ['PATH']}:/usr/local/go/bin:{ROOT}/.venv/bin"})
    return str(program)


if __name__ == "__main__":
    print(go_tool(*sys.argv[1:]))
