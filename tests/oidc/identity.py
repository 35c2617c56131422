"""An identity provider for the tests, the settings of servers that ask it, and calls as such a server's first user."""

import base64
import json
import pathlib
import select
import subprocess
import urllib.error
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent
CLIENT = {"REGESTA_OIDC_CLIENT_ID": "regesta", "REGESTA_OIDC_CLIENT_SECRET": "a secret with spaces & signs"}


class Provider:
    """tests/oidc/provider.mjs under Node."""

    def __init__(self, *options):
        # Node was once seen to sleep for good before its first line: it gets a minute and one more try, then the test fails.
        self.issuer = self.start(options) or self.start(options)
        assert self.issuer, "the identity provider does not start"

    def start(self, options):
        self.process = subprocess.Popen(["node", str(FOLDER / "provider.mjs"), *options], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        if select.select([self.process.stdout], [], [], 60)[0]:
            return json.loads(self.process.stdout.readline())["issuer"]
        self.stop()
        return None

    def control(self, **asked):
        request = urllib.request.Request(self.issuer + "/control", json.dumps(asked).encode(), method="POST")
        return json.load(urllib.request.urlopen(request, timeout=60))

    def people(self, **people):
        self.control(people=people)

    def stop(self):
        self.process.kill()
        self.process.wait(60)


def root(server, method, path, body=None, anonymous=False):
    """A call as the first user; the status and the answer."""
    request = urllib.request.Request(server.url + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)
    if not anonymous:
        request.add_header("Authorization", "Basic " + base64.b64encode(b"root:a long password").decode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as fault:
        return fault.code, json.loads(fault.read())
