"""What tests of the gate do: versions of prompts, aliases and who holds them, guarded names, change requests."""

from conftest import FOUR_EYES


def version(caller, name, template, **more):
    return caller.prompt(name, template, **more)["version"]


def alias(caller, name, number, pointer="production", **more):
    return caller.call("PUT", f"/api/v1/assets/prompt/{name}/aliases/{pointer}", {"version": number, **more})


def holder(house, name, pointer="production"):
    answer = house.root.get(f"/api/v1/prompts/{name}/resolve?alias={pointer}")
    return answer.json["version"] if answer.status == 200 else None


def guard_production(house, pattern="*", module=FOUR_EYES):
    return house.guard(f"prompt/{pattern}#production", module)


def request_for(answer):
    assert answer.status == 403, answer
    return answer.json["error"]["detail"]["change_request"]["id"]
