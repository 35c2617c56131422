"""A real OPA as a server, of the version that tests/opa/run compares with."""

import json
import re
import subprocess
import urllib.request

from go_tool import go_tool

from regesta_server import ROOT, eventually


def opa_program():
    version = re.search(r'^VERSION = "(.*)"$', (ROOT / "tests/opa/run.py").read_text(), re.MULTILINE)[1]
    return go_tool("github.com/open-policy-agent/opa", version)


class Opa:
    def __init__(self, folder, *arguments):
        self.log = folder / "opa.log"
        self.process = subprocess.Popen([opa_program(), "run", "--server", "--addr", "127.0.0.1:0", "--disable-telemetry",
                                         "--log-format", "json", *map(str, arguments)], stdout=self.log.open("w"),
                                        stderr=subprocess.STDOUT)
        self.url = f"http://127.0.0.1:{eventually(self.port)}"

    def port(self):
        """The one that the process listens on: its log names the one that was asked for."""
        listed = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True).stdout
        found = re.search(rf"127\.0\.0\.1:(\d+).*pid={self.process.pid},", listed)
        return found and found[1]

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
