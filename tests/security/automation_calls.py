"""A trigger that fires, a standing guard, and an incident with a note, as rows for the walk over all tables."""

from regesta_server import eventually


def tell_automation_story(root, carl, n):
    root.ok("PUT", f"/api/v1/triggers/fire{n}", {"on": {"action": "version.created", "names": f"flawed{n}"},
                                                 "job": {"command": "tune", "parameters": {"n": n}}})
    carl.prompt(f"watched{n}", "Be kind.")
    carl.ok("PUT", f"/api/v1/assets/prompt/watched{n}/aliases/live", {"version": 1})
    carl.ok("PUT", f"/api/v1/assets/prompt/watched{n}/standing-guards/live/kind", {"metric": "kind", "threshold": 0.5})
    carl.prompt(f"flawed{n}", "Invent refunds.")
    root.ok("POST", "/api/v1/incidents", {"kind": "prompt", "name": f"flawed{n}", "version": 1, "reason": "it invents refunds"})
    root.ok("POST", f"/api/v1/incidents/{n}/notes", {"text": "seen in May"})
    eventually(lambda: root.ok("GET", f"/api/v1/triggers/fire{n}")["firings"])
