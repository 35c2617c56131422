"""The first minute of the README, with an installed program."""

import os
import pathlib
import re
import signal
import subprocess

# Neither this machine's login and settings nor its libraries and modules.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("REGESTA_", "PYTHON", "LD_", "XDG_"))}


def run(command, *words, **more):
    done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=120, **more)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def play(command, folder, data=None, options=()):
    """`command` is how `regesta` is started, `options` are of the server; `folder` is empty. Returns what the commands printed."""
    data = data or str(pathlib.Path(folder) / "regesta-data")
    environment = CLEAN | {"HOME": str(folder), "NO_COLOR": "1"}
    server = subprocess.Popen([*command, "serve", "--data", data, "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE, text=True,
                              cwd=folder, env=environment)
    try:
        url = re.search(r"http://\S+", server.stdout.readline()).group(0)
        environment["REGESTA_URL"] = url
        said = [run(command, *words, cwd=folder, env=environment) for words in (
            ("prompt", "create", "greeting", "--template", "Hello {{name}}!"),
            ("alias", "set", "prompt/greeting", "production", "1"),
            ("prompt", "render", "greeting", "--var", "name=Ada"),
            ("history", "prompt/greeting"),
            ("ledger", "verify", "--data", data))]
        assert said[2] == "Hello Ada!\n"
        return said
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
