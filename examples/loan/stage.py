"""What the demo stands on: narration, the regesta command line, the server, and checks that end it when they fail."""

import base64
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "build" / "demo"
REGESTA = os.environ.get("REGESTA_BINARY", str(ROOT / "build" / "release" / "regesta"))
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def paint(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def title(number, text):
    print(f"\n{paint('1;36', f'{number}. {text}')}", flush=True)


def say(text):
    print(paint("2", f"   {text}"), flush=True)


def expect(holds, what):
    """A demonstration that goes on after a wrong outcome would be a lie."""
    if not holds:
        print(f"\n{paint('1;31', 'NOT AS EXPECTED:')} {what}", file=sys.stderr, flush=True)
        raise SystemExit(1)
    print(f"   {paint('32', 'as expected:')} {what}", flush=True)


def command(words, who=""):
    print(f"   {paint('1', f'{who} $'.strip())} {shlex.join(words)}", flush=True)


def code(line):
    print(f"   {paint('1', '>>>')} {line}", flush=True)


def indent(text):
    for line in text.rstrip("\n").splitlines():
        print(f"     {line}", flush=True)


class Person:
    """Somebody with a password at the server's command line."""

    def __init__(self, name, password, url):
        self.name, self.password, self.url = name, password, url

    def environment(self):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("REGESTA_")}
        who = {"REGESTA_USER": self.name, "REGESTA_PASSWORD": self.password} if self.name else {}
        return {**clean, **who, "REGESTA_URL": self.url, "XDG_CONFIG_HOME": str(WORK / "config")}

    def run(self, *words, exit_code=0, quiet=False, stdin=""):
        """Runs `regesta WORDS`, shows it, and demands the exit code. Returns what it printed."""
        words = [str(word.relative_to(ROOT)) if isinstance(word, Path) else str(word) for word in words]
        if not quiet:
            command(["regesta", *words], self.name)
        done = subprocess.run([REGESTA, *words], env=self.environment(), capture_output=True, text=True, timeout=300, input=stdin)
        if not quiet:
            indent(done.stdout + done.stderr)
        if done.returncode != exit_code:
            expect(False, f"`regesta {shlex.join(words)}` ends with exit code {exit_code}, but it was {done.returncode}: "
                          f"{done.stderr or done.stdout}")
        return done.stdout + done.stderr

    def ask(self, *words):
        """The JSON answer of a command, without showing it."""
        return json.loads(self.run(*words, "--json", quiet=True))


def fetch(address, person=None):
    """Status and text of a page, as a browser would get it, or as that person."""
    request = urllib.request.Request(address, headers={"Accept": "application/json" if person else "text/html"})
    if person:
        credentials = base64.b64encode(f"{person.name}:{person.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {credentials}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status, answer.read().decode()


def stop_old_server():
    pid_file = WORK / "server.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    try:
        # Only the server that an earlier demo left running, never another program that got its number since.
        if "regesta" in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace"):
            os.kill(pid, signal.SIGTERM)
            for _ in range(100):
                time.sleep(0.1)
                os.kill(pid, 0)
    except (ProcessLookupError, FileNotFoundError):
        pass


def start_server():
    """A fresh data directory and a server on 127.0.0.1:4600, or on a free port when that is taken. Returns its URL."""
    stop_old_server()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    for port in ("0",) if os.environ.get("CI") else ("4600", "0"):
        words = ["serve", "--data", str((WORK / "data").relative_to(ROOT)), "--listen", f"127.0.0.1:{port}",
                 "--webhooks-allow", "127.0.0.1"]  # the team's chat room of this demo runs beside the server
        log = open(WORK / "server.log", "a")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("REGESTA_")}
        server = subprocess.Popen([REGESTA, *words], stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True,
                                  start_new_session=True, env=environment, cwd=ROOT)
        line = server.stdout.readline()
        found = re.search(r"https?://\S+", line)
        if found:
            command(["regesta", *words])
            indent(line)
            (WORK / "server.pid").write_text(str(server.pid))
            return server, found.group(0).rstrip("/")
        server.wait(10)
    print((WORK / "server.log").read_text(), file=sys.stderr)
    raise SystemExit("the server did not start")
