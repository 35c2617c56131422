"""A trigger that fires, a standing guard, an incident with a note, a waiver and mail, as rows for the walk over all tables."""

import re
import time

from smtp_inbox import Inbox

from conftest import PASSWORD, Caller
from regesta_server import eventually

INBOX = Inbox()
# Settings of the server whose mail goes there.
MAIL = {"REGESTA_MAIL_URL": INBOX.url, "REGESTA_MAIL_FROM": "regesta@bank.example", "REGESTA_MAIL_ENCRYPT": "false"}


def tell_automation_story(root, carl, n):
    rita = Caller(root.server, ("rita", PASSWORD))
    rita.ok("PUT", f"/api/v1/subscriptions/incidents{n}", {"address": "rita@bank.example", "events": ["incident.opened"]})
    [mail] = eventually(lambda: INBOX.to("rita@bank.example", f"confirm incidents{n} "))[-1:]
    code = re.search(rf"confirm incidents{n} (\w+)", mail.get_content())[1]
    rita.ok("POST", f"/api/v1/subscriptions/incidents{n}/confirm", {"code": code})
    root.ok("PUT", f"/api/v1/triggers/fire{n}", {"on": {"action": "version.created", "names": f"flawed{n}"},
                                                 "job": {"command": "tune", "parameters": {"n": n}}})
    carl.prompt(f"watched{n}", "Be kind.")
    carl.ok("PUT", f"/api/v1/assets/prompt/watched{n}/aliases/live", {"version": 1})
    carl.ok("PUT", f"/api/v1/assets/prompt/watched{n}/standing-guards/live/kind", {"metric": "kind", "threshold": 0.5})
    carl.prompt(f"flawed{n}", "Invent refunds.")
    root.ok("POST", "/api/v1/incidents", {"kind": "prompt", "name": f"flawed{n}", "version": 1, "reason": "it invents refunds"})
    root.ok("POST", f"/api/v1/incidents/{n}/notes", {"text": "seen in May"})
    eventually(lambda: root.ok("GET", f"/api/v1/triggers/fire{n}")["firings"])
    eventually(lambda: INBOX.to("rita@bank.example", "incident.opened"))
    tell_exception_story(root, carl, rita, n)


def tell_exception_story(root, carl, rita, n):
    """A waiver, a delegate, and a move against a policy that waits for its review."""
    text = 'package regesta.gate\ndeny contains {"code": "never", "msg": "never"}\n'
    root.ok("POST", f"/api/v1/policies/never{n}", {"modules": [{"name": "never.rego", "text": text}]})
    root.ok("POST", "/api/v1/policies/bindings", {"policy": f"never{n}", "kind": "prompt", "name_pattern": f"denied{n}", "pointer": "live"})
    carl.prompt(f"denied{n}", "Be kind.")
    carl.ok("POST", "/api/v1/waivers", {"kind": "prompt", "name_pattern": f"denied{n}", "pointer": "live", "code": "other", "role": "risk",
                                        "reason": "late", "expires_at": f"{time.gmtime().tm_year}-12-31T23:59:59Z"
                                        if time.gmtime().tm_mon < 12 else f"{time.gmtime().tm_year + 1}-06-30T00:00:00Z"})
    root.ok("PUT", f"/api/v1/assets/prompt/denied{n}/aliases/live", {"version": 1, "reason": "outage", "break_glass": True})
    root.ok("POST", "/api/v1/users", {"name": f"deputy{n}", "password": "a long password", "grants": [{"role": "reader"}]})
    rita.ok("POST", "/api/v1/delegates", {"delegate": f"deputy{n}", "reason": "away",
                                          "ends_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400 * (30 + n)))})
