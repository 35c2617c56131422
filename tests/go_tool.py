"""Programs that are built once from their Go modules, into build/tools."""
import os
import subprocess

from regesta_server import ROOT

TOOLS = ROOT / "build" / "tools"


def go_tool(module, version):
    """The program of a Go module, built the first time."""
    name = module.rsplit("/", 1)[1]
    program = TOOLS / f"{name}-{version}" / name
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["go", "install", f"{module}@{version}"], check=True, timeout=1800,
                       env={**os.environ, "GOBIN": str(program.parent), "GOFLAGS": "-mod=mod",
                            "PATH": f"{os.environ['PATH']}:/usr/local/go/bin:{ROOT}/.venv/bin"})
    return str(program)
