"""One version of a prompt, as the server resolved it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Callable, Optional, Union

from ._errors import RegestaError
from ._render import Message, rendered

Renderer = Callable[["Prompt", Mapping[str, Any], bool], Union[str, list[Message]]]
NEVER_MOVES = re.compile(r"[0-9]+|[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


def never_moves(selector: str) -> bool:
    """Whether it is a number or a SemVer, which always means the same version."""
    return NEVER_MOVES.fullmatch(selector) is not None


@dataclass(frozen=True)
class Prompt:
    """One version of a prompt. Immutable, and safe to share between threads."""

    name: str
    version: int
    semver: str
    type: str
    """`text` or `chat`."""
    digest: str
    """SHA-256 of the content."""
    variant: str = ""
    """Arm of the rollout that decided: `stable`, `candidate`, …; empty without a rollout."""
    why: str = ""
    """Why the caller gets this version, in words."""
    stale: bool = field(default=False, compare=False)
    """The server failed, and this is the last good answer."""
    json: str = field(default="", repr=False, compare=False)
    """The whole response."""
    etag: str = field(default="", repr=False, compare=False)
    _renderer: Optional[Renderer] = field(default=None, repr=False, compare=False)

    @cached_property
    def _content(self) -> dict[str, Any]:
        return dict(json.loads(self.json))

    @property
    def content(self) -> dict[str, Any]:
        """A copy of the whole response: template, `input_schema`, `model_config`, `tools`, tags and more."""
        return dict(json.loads(self.json))

    @property
    def text(self) -> str:
        """Template of a text prompt; empty for a chat."""
        found = self._content.get("template")
        return found if isinstance(found, str) else ""

    @property
    def messages(self) -> list[Message]:
        """Messages of a chat prompt, not rendered; empty for a text. A copy."""
        return list(self.content.get("messages") or [])

    @property
    def model_config(self) -> dict[str, Any]:
        """Model and settings that the prompt is meant for. A copy."""
        return dict(self.content.get("model_config") or {})

    def render(self, variables: Optional[Mapping[str, Any]] = None, /, **more: Any) -> str:
        """The text with its variables. Raises RegestaError for missing variables, and for a chat prompt.

        Most prompts are rendered here; what needs the server (sections, Jinja2, values that are not texts or whole
        numbers) is rendered there, with the same result.
        """
        if self.type == "chat":
            raise RegestaError(f"prompt '{self.name}' is a chat: use render_messages()", code="invalid")
        found = self._rendered({**(variables or {}), **more}, False)
        assert isinstance(found, str)
        return found

    def render_messages(self, variables: Optional[Mapping[str, Any]] = None, /, **more: Any) -> list[Message]:
        """The messages with their variables; a text prompt is one message of the user.

        A placeholder's value is a list of messages.
        """
        found = self._rendered({**(variables or {}), **more}, True)
        assert isinstance(found, list)
        return found

    def _here(self, values: Mapping[str, Any], messages: bool) -> Union[str, list[Message], None]:
        """Rendered without the server; None if that is not possible."""
        found = rendered(self._content, values)
        if messages and isinstance(found, str):
            return [{"role": "user", "content": found}]
        return found

    def _rendered(self, values: Mapping[str, Any], messages: bool) -> Union[str, list[Message]]:
        found = self._here(values, messages)
        if found is not None:
            return found
        if self._renderer is None:
            raise RegestaError(f"prompt '{self.name}' is rendered by the server, and this copy has no client")
        return self._renderer(self, values, messages)


def read_prompt(body: str, etag: str, renderer: Optional[Renderer]) -> Prompt:
    """A response of the server. Raises RegestaError if it is not a prompt."""
    try:
        found = json.loads(body)
        version = found["version"]
        if not isinstance(version, int):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise RegestaError("the response is not a prompt: is this a Regesta server?", status=200) from None
    name, semver, kind, digest, variant, why = (
        str(found.get(member) or "") for member in ("name", "semver", "type", "digest", "variant", "why"))
    return Prompt(name, version, semver, kind, digest, variant, why, json=body, etag=etag, _renderer=renderer)
