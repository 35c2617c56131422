"""The command `regesta`: the program that the wheel carries, and `regesta demo`."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def program() -> Path:
    """Path of the program in this installation. Raises FileNotFoundError if the package was installed without it."""
    path = Path(__file__).resolve().parent / "_bin" / "regesta"
    if not path.is_file():
        raise FileNotFoundError("this package was installed without the program: install the wheel of a release")
    return path


def main() -> int:
    try:
        path = program()
    except FileNotFoundError as error:
        print(f"regesta: {error}", file=sys.stderr)
        return 1
    if sys.argv[1:2] == ["demo"]:
        from ._story import play

        return play(sys.argv[2:], path)
    os.execv(path, ["regesta", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
