"""Decision records, with the members of the HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from ._moves import parse_reference
from ._prompt import Prompt


def record_of(used: Union[Prompt, str], output: Any, inputs: Any, subject: str, caller: str, more: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(used, Prompt):
        kind, name, selector = "prompt", used.name, str(used.version)
    else:
        kind, name, selector = parse_reference(used)
    if kind not in ("model", "prompt"):
        raise ValueError(f"a record is about a model or a prompt, not {used!r}")
    record: dict[str, Any] = {kind: f"{name}@{selector}", "output": output, **more}
    if inputs is not None:
        record["inputs"] = inputs
    if subject:
        record["subject"] = subject
    if caller:
        record["caller"] = caller
    return record
