"""Every GraphQL document of the installed client is valid against the server's schema, as another implementation reads both."""

import ast
import os
import pathlib
import re

import graphql
import wandb
from graphql.language import ast as nodes
from wandb.apis.public import files, runs

SOURCE = pathlib.Path(os.environ.get("REGESTA_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PACKAGE = pathlib.Path(wandb.__file__).parent


def python_documents():
    """Texts that are whole documents; those that are put together at run time are driven by the other tests."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match(r"\s*(#graphql\s*)?(query|mutation)\b[^{}]*\{", node.value):
                yield f"{path.name}:{node.lineno}", node.value


def core_documents():
    """Those in the program that the client starts."""
    program = (PACKAGE / "bin" / "wandb-core").read_bytes()
    for found in re.finditer(rb"\n(?:query|mutation) \w+[ (]", program):
        depth, at = 0, found.start()
        while at < len(program) and 0 < program[at] < 128:
            depth += {ord("{"): 1, ord("}"): -1}.get(program[at], 0)
            at += 1
            if program[at - 1] == ord("}") and depth == 0 and not program[at:at + 12].lstrip(b"\n").startswith(b"fragment "):
                break
        yield f"wandb-core:{found.start()}", program[found.start():at].decode()


# Put together at run time: assembled_documents() has some, and the other tests send all of them.
ASSEMBLED = {"Runs", "Run", "RunFiles", "RunFullHistory", "UpsertBucket", "DeleteRun"}


def assembled_documents():
    yield "Runs", runs._create_runs_query(lazy=True)
    yield "Runs", runs._create_runs_query(lazy=False)
    yield "RunFiles", files.Files._get_query(None)
    for name, fragment in ((runs.RUN_FRAGMENT_NAME, runs.RUN_FRAGMENT), (runs.LIGHTWEIGHT_RUN_FRAGMENT_NAME, runs.LIGHTWEIGHT_RUN_FRAGMENT)):
        yield "Run", f"query Run($p: String) {{ project(name: $p) {{ run(name: $p) {{ projectId ...{name} }} }} }} {fragment}"


def test_every_document_of_the_client_is_valid():
    schema = graphql.build_schema((SOURCE / "src/api/wandb/schema.graphql").read_text())
    count, skipped = 0, set()
    for place, text in [*python_documents(), *core_documents(), *assembled_documents()]:
        name = re.match(r"\s*(?:#graphql\s*)?(?:query|mutation)\s+(\w+)", text)
        try:
            document = graphql.parse(text)
        except graphql.GraphQLSyntaxError:
            skipped.add(name[1])
            continue
        known = {d.name.value for d in document.definitions if isinstance(d, nodes.FragmentDefinitionNode)}
        spread = set(re.findall(r"\.\.\.\s*(?!on\b)(\w+)", text))
        if spread - known:
            skipped.add(name[1])
            continue
        # The schema takes null where W&B's does not, so that types of variables may be stricter than the schema's.
        faults = [fault.message for fault in graphql.validate(schema, document) if "expecting type" not in fault.message]
        assert not faults, (place, faults)
        count += 1
    assert count > 140 and skipped == ASSEMBLED, (count, skipped)
