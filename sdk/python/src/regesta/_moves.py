"""Moves of aliases, and what a gate says about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

KINDS = ("model", "prompt", "dataset", "artifact", "policy")


@dataclass(frozen=True)
class Move:
    """An alias that has moved, or was there already."""

    subject: str
    """`prompt/greeting#production`"""
    outcome: str
    """`moved` or `unchanged`."""
    from_version: int
    """0: it did not exist."""
    to_version: int
    decision: str = ""
    """Digest of the gate's decision; empty without a policy."""
    entry: Optional[int] = None
    """Index in the ledger."""
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class GateCheck:
    """What the gate would decide about a move now. Nothing is stored."""

    reference: str
    alias: str
    outcome: str
    """`moved` or `unchanged`: all checks pass; `pending`: approvals or evidence are missing; `refused`."""
    violations: Sequence[Mapping[str, Any]] = ()
    requirements: Sequence[Mapping[str, Any]] = ()
    warnings: Sequence[Mapping[str, Any]] = ()
    fault: str = ""
    """Why the policy could not be evaluated."""
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def passes(self) -> bool:
        return self.outcome in ("moved", "unchanged")

    @property
    def missing(self) -> Sequence[Mapping[str, Any]]:
        """The requirements that are not met."""
        return [one for one in self.requirements if not one.get("met")]

    def __str__(self) -> str:
        lines = [f"{self.reference} → {self.alias}: {'would move' if self.passes else 'would not move'}"]
        if self.fault:
            lines.append(f"  ✗ the policy could not be evaluated: {self.fault}")
        for mark, found in (("✗", self.violations), ("…", self.missing), ("!", self.warnings)):
            for one in found:
                lines.append(f"  {mark} {one.get('msg') or one.get('code')}")
                lines += [f"      {word} {one[name]}" for word, name in (("needs", "needs"), ("to fix:", "remediation"))
                          if one.get(name)]
        return "\n".join(lines)


def parse_reference(reference: str) -> tuple[str, str, str]:
    """Kind, name and selector of `prompt/greeting@2`; without a kind, a model."""
    asset, mark, selector = reference.rpartition("@")
    if not mark or not asset or not selector:
        raise ValueError(f"a version is written KIND/NAME@VERSION, not {reference!r}")
    return (*parse_asset(asset), selector)


def parse_asset(asset: str) -> tuple[str, str]:
    kind, mark, name = asset.partition("/")
    if mark and name and kind in KINDS:
        return kind, name
    return "model", asset


def move_of(answer: Mapping[str, Any]) -> Move:
    entry = answer.get("entry")
    return Move(
        subject=str(answer.get("subject", "")), outcome=str(answer.get("outcome", "")),
        from_version=int(answer.get("from") or 0), to_version=int(answer.get("to") or 0),
        decision=str(answer.get("decision") or ""), entry=int(entry) if entry is not None else None,
        warnings=tuple(map(str, answer.get("warnings") or ())))


def check_of(reference: str, alias: str, answer: Mapping[str, Any]) -> GateCheck:
    verdict = answer.get("verdict") or {}
    return GateCheck(
        reference, alias, str(answer.get("outcome", "")), verdict.get("deny") or (), verdict.get("require") or (),
        verdict.get("warn") or (), str(verdict.get("error") or ""), answer)
