"""What the client raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional


class RegestaError(Exception):
    """A request that failed. `status` is HTTP's, 0 if the server could not be reached; `code` is the API's."""

    def __init__(self, message: str, *, status: int = 0, code: str = "", detail: Optional[Mapping[str, Any]] = None):
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.detail: Mapping[str, Any] = detail or {}


class Unavailable(RegestaError):
    """The server cannot be reached, or has a fault (status 5xx). The same request may succeed later."""


class NotFound(RegestaError):
    """There is no such prompt, version or alias, or you may not read it."""


class AccessDenied(RegestaError):
    """Credentials are missing or wrong (401), or a role is missing (403)."""


class GateRefused(RegestaError):
    """A gate does not allow a move: a policy denies it, or approvals or evidence are missing."""

    @property
    def outcome(self) -> str:
        """`refused`, or `pending` if a change request waits for approvals or evidence."""
        return str(self.detail.get("outcome", "refused"))

    @property
    def violations(self) -> Sequence[Mapping[str, Any]]:
        """What policies deny, each with `code`, `msg` and `remediation`."""
        return _list(self.detail, "deny")

    @property
    def requirements(self) -> Sequence[Mapping[str, Any]]:
        """What policies require; those with `met` false are missing."""
        return _list(self.detail, "require")

    @property
    def warnings(self) -> Sequence[Mapping[str, Any]]:
        return _list(self.detail, "warn")

    @property
    def decision(self) -> str:
        """Digest of the stored decision."""
        return str(self.detail.get("decision", ""))

    @property
    def change_request(self) -> Optional[int]:
        """Number of the change request that is open now."""
        request = self.detail.get("change_request")
        return int(request["id"]) if isinstance(request, Mapping) and "id" in request else None

    @property
    def change_request_url(self) -> str:
        request = self.detail.get("change_request")
        return str(request.get("url", "")) if isinstance(request, Mapping) else ""


def _list(detail: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    verdict = detail.get("verdict")
    found = verdict.get(name) if isinstance(verdict, Mapping) else None
    return found if isinstance(found, list) else []


def error_of(status: int, body: object) -> RegestaError:
    """The exception for an error response of the native API."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        error = {}
    code = str(error.get("code", ""))
    message = str(error.get("message") or f"the server answers {status}")
    detail = error.get("detail") if isinstance(error.get("detail"), dict) else None
    kind = RegestaError
    if code == "refused":
        kind = GateRefused
    elif status in (401, 403):
        kind = AccessDenied
    elif status == 404:
        kind = NotFound
    elif status >= 500 and status != 501:
        kind = Unavailable
    return kind(message, status=status, code=code, detail=detail)
