#!/usr/bin/env python3
"""Runs OPA's own conformance cases against the embedded engine.

    run.py PROGRAM [--write] [--list FOLDER]

PROGRAM is the built `opa_conformance`. The cases come out of OPA's Go module (go mod download, checked against the sum
below). No folder may pass fewer cases than tests/opa/floor.json says; --write raises the floor and writes
docs/opa-conformance.md. --list prints the failing cases of one folder and why.
"""
import collections
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

import yaml

sys.set_int_max_str_digits(0)  # some cases compute with very long integers
VERSION = "v1.22.2"
SUM = "h1:WzqReKk2VjcvBN/NQTlcIxKqFPKpzIdb6KYMHzPEbe0="
HERE = pathlib.Path(__file__).resolve().parent
FLOOR = HERE / "floor.json"
PAGE = HERE.parent.parent / "docs" / "opa-conformance.md"


class Loader(yaml.CSafeLoader):
    """YAML as Go's library reads it: no dates, only true and false are booleans, numbers with an exponent are numbers."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith((":timestamp", ":float", ":bool"))]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?$"), list("-+0123456789."))


def case_folder():
    with tempfile.TemporaryDirectory() as elsewhere:  # outside any Go module
        told = subprocess.run(["go", "mod", "download", "-json", f"github.com/open-policy-agent/opa@{VERSION}"],
                              cwd=elsewhere, check=True, capture_output=True, text=True)
    module = json.loads(told.stdout)
    if module["Sum"] != SUM:
        sys.exit(f"OPA's module has sum {module['Sum']}, expected {SUM}")
    return pathlib.Path(module["Dir"]) / "v1/test/cases/testdata/v1"


def read_cases(folder):
    for path in sorted(folder.rglob("*.yaml")):
        content = yaml.load(path.read_text(), Loader)
        for index, case in enumerate((content or {}).get("cases") or []):
            case["folder"] = path.parent.relative_to(folder).as_posix()
            case["id"] = f"{path.relative_to(folder).as_posix()}#{index}"
            yield case


def request(case):
    modules = [{"name": f"test-{i}.rego", "text": text} for i, text in enumerate(case.get("modules") or [])]
    strict = bool(case.get("strict_error"))
    head = {"do": "query", "query": case["query"], "now": 1_700_000_000_000_000_000, "millis": 3000}
    if case.get("input_term"):
        head["input_term"] = case["input_term"]
    load = {"modules": modules, "data": case.get("data") or {}, "strict": strict}
    return {"id": case["id"], "load": json.dumps(load), "head": head,
            "input": json.dumps(case["input"]) if "input" in case else ""}


def same(a, b):
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or (isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=1e-15))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def judge(case, reply):
    """None when the case passes, else why not."""
    wants_error = any(case.get(k) for k in ("want_error", "want_error_code"))
    if reply["lost"]:
        return reply["lost"]
    if reply["status"] != 0:
        try:
            message = json.loads(reply["answer"])["message"]
        except (ValueError, KeyError):
            message = "panic: " + reply["answer"]
        return None if wants_error else message
    if wants_error:
        return f"an error was expected: {case.get('want_error') or case.get('want_error_code')}"
    got = [row["bindings"] for row in json.loads(reply["answer"])["result"]]
    if "want_defined" in case and case.get("want_result") is None:
        return None if bool(got) == bool(case["want_defined"]) else f"defined: {bool(got)}"
    want = case.get("want_result") or []
    got = [{k: v for k, v in row.items() if not k.startswith("$")} for row in got]
    if case.get("sort_bindings"):
        def order(row):
            return json.dumps(row, sort_keys=True)
        got, want = sorted(got, key=order), sorted(want, key=order)
    got_set, want_list = list(got), list(want)
    for row in want_list:
        match = next((i for i, other in enumerate(got_set) if same(row, other)), None)
        if match is None:
            return f"want {json.dumps(want)[:200]}, got {json.dumps(got)[:200]}"
        del got_set[match]
    return f"{len(got_set)} results too many" if got_set else None


def run(program, cases):
    lines = "".join(json.dumps(request(c)) + "\n" for c in cases)
    told = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    replies = {r["id"]: r for r in map(json.loads, told.stdout.splitlines())}
    return {c["id"]: judge(c, replies[c["id"]]) for c in cases}


# What is missing, by what a failing case's text or message shows; the first that fits counts.
LACKING = (r"graphql\.\w+|io\.jwt\.(?:verify|encode|decode_verify)\w*|crypto\.(?:x509\.|parse_)\w+|"
           r"net\.cidr_(?:contains_matches|intersects|overlap|merge)|uri\.(?:parse|is_valid)|providers\.aws\.\w+|"
           r"rego\.(?:metadata\.\w+|parse_module)|regex\.globs_match|strings\.render_template|"
           r"json\.(?:match|verify)_schema|net\.lookup_ip_addr")
MISSING = [
    ("functions that the engine does not have", LACKING + "|could not find function"),
    ("`and`, `or`, the new `not` and `import rego.v2` (OPA 1.17 to 1.22)", r"future\.keywords\.(and|or|not)|rego\.v2"),
    ("template strings `$\"…\"` (OPA 1.12)", r"\$[\"`]"),
    ("the result as a last argument, `f(x, result)`, of the functions of `extend.rs`",
     r"(?:crypto\.(?:md5|sha1|sha256)|io\.jwt\.decode)\("),
]


def missing_kind(case, why):
    text = why + "\n" + "\n".join(case.get("modules") or []) + case["query"]
    for name, pattern in MISSING:
        if re.search(pattern, text):
            return name
    if case["folder"].startswith("keywordrefs"):
        return "keywords inside references (OPA 1.6)"
    return "other differences inside the supported language"


def prose(text):
    return textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False)


def page(cases, verdicts, folders):
    passed = sum(v is None for v in verdicts.values())
    whole = sum(p == n for p, n in folders.values())
    out = [
        "# OPA conformance", "",
        "<!-- Written by tests/opa/run.py --write. -->", "",
        *prose(f"Use this page to find out which Rego of OPA {VERSION} your policies can use. The embedded engine passes "
               f"**{passed:,} of {len(cases):,}** of OPA's conformance cases ({passed / len(cases):.1%}), and all cases of "
               f"{whole} of {len(folders)} folders."), "",
        *prose("`regesta policy check FILE` names what a policy uses and the engine does not support. `make test` runs all "
               "cases in the same limited workers as every policy. No folder may pass fewer than `tests/opa/floor.json` "
               "says. A case that expects an error passes with any error; messages are not compared."), "",
        *prose("The engine is the `regorus` crate with the extensions of `native/src/extend.rs`. `make test` also compares a "
               "list of gate idioms with a real OPA. Idioms that differed without an error are rewritten before the engine "
               "sees them (`native/src/desugar.rs`): imports of packages, `x := walk(y)`, and values of rule heads that may "
               "be undefined."), "",
        "## What is missing", "", "| what | failing cases |", "| --- | --- |"]
    kinds = collections.Counter(missing_kind(c, verdicts[c["id"]]) for c in cases if verdicts[c["id"]])
    out += [f"| {name} | {count} |" for name, count in kinds.most_common()]
    lacking = sorted({m for c in cases if verdicts[c["id"]]
                      for m in re.findall(rf"\b(?:{LACKING})", "\n".join(c.get("modules") or []) + c["query"])})
    out += ["", *prose("Functions that failing cases use: " + ", ".join(f"`{n}`" for n in lacking) + "."), "",
            *prose("By design: `http.send` and `net.lookup_ip_addr` are errors, because a decision must not depend on the "
                   "network. `opa.runtime()` is empty. `time.now_ns`, `rand.intn` and `uuid.rfc4122` depend on the input "
                   "alone."), "",
            "## Differences inside the supported language", "", "| case | note | what happens |", "| --- | --- | --- |"]
    for c in cases:
        why = verdicts[c["id"]]
        if why and missing_kind(c, why).startswith("other"):
            short = " ".join(why.split()).replace("|", "\\|")[:160]
            out.append(f"| {c['id'].split('/', 1)[0]} | {c['note'].replace('|', chr(92) + '|')} | {short} |")
    out += ["", "## By folder", "", "| folder | passed | cases |", "| --- | ---: | ---: |"]
    out += [f"| {name} | {p} | {n} |" for name, (p, n) in sorted(folders.items())]
    return "\n".join(out) + "\n"


def main():
    arguments = sys.argv[1:]
    cases = list(read_cases(case_folder()))
    if "--list" in arguments:
        name = arguments[arguments.index("--list") + 1]
        cases = [c for c in cases if c["folder"] == name or name == "all"]
    verdicts = run(arguments[0], cases)
    if "--list" in arguments:
        for c in cases:
            if verdicts[c["id"]]:
                print(c["id"], c["note"], "\n    ", " ".join(verdicts[c["id"]].split())[:400])
        return
    folders = {}
    for c in cases:
        p, n = folders.get(c["folder"], (0, 0))
        folders[c["folder"]] = (p + (verdicts[c["id"]] is None), n + 1)
    floor = json.loads(FLOOR.read_text()) if FLOOR.exists() else {}
    fallen = {f: (folders.get(f, (0, 0))[0], least) for f, least in floor.items() if folders.get(f, (0, 0))[0] < least}
    passed = sum(p for p, _ in folders.values())
    for name, (now, least) in sorted(fallen.items()):
        print(f"FALLEN {name}: {now} cases pass, {least} did; run.py PROGRAM --list {name}")
    if "--write" in arguments and not fallen:
        FLOOR.write_text(json.dumps({f: p for f, (p, _) in sorted(folders.items())}, indent=0) + "\n")
        PAGE.write_text(page(cases, verdicts, folders))
    print(f"OPA {VERSION}: {passed} of {len(cases)} cases pass")
    print(f"{len(folders) - len(fallen)} passed, {len(fallen)} failed")
    sys.exit(1 if fallen else 0)


if __name__ == "__main__":
    main()
