"""texts.py OUT: writes the comments and the messages of the sources as plain text below OUT, each on its own line number, so that
what the prose check finds names the line of the source. Prints nothing."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ["src/*.h", "src/*.cpp", "client/*.h", "client/*.cpp", "native/src/*.rs"]
# Strings come first, so that "http://" in one does not begin a comment.
TOKEN = re.compile(r'R"(\w*)\(.*?\)\1"|"((?:\\.|[^"\\\n])*)"|\'(?:\\.|[^\'\\\n])\'|//[/!]?<?([^\n]*)', re.S)


# A string literal of three words or more, without SQL's keywords, is a message.
MESSAGE = re.compile(r"\w+[,:;]? \w+[,:;]? \w+")
SQL = re.compile(r"\b(SELECT|FROM|WHERE|INSERT|UPDATE|DELETE|CREATE|ORDER BY|VALUES|AND|OR|SET)\b")


def prose(text):
    lines = [""] * (text.count("\n") + 1)
    for match in TOKEN.finditer(text):
        message, comment = match[2], match[3]
        if comment is None and (message is None or not MESSAGE.search(message) or SQL.search(message)):
            continue
        at = text.count("\n", 0, match.start())
        lines[at] += " " + re.sub(r"`[^`]*`", "``", message if comment is None else comment).strip()
    return "\n".join(lines)


def main():
    out = Path(sys.argv[1])
    shutil.rmtree(out, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z", "--", *SOURCES], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        path = ROOT / name
        if path.is_file():
            target = out / f"{name}.txt"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(prose(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
