"""Rendering without the server, where the result is certain to be the server's.

That is the Mustache and the f-strings that only name variables, and values that are texts, whole numbers, booleans or
None. `rendered` returns None for everything else, also for what is faulty: the server then renders, or says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Union

Message = dict[str, Any]
LARGEST = 1024 * 1024
MUSTACHE = re.compile(r"(?<!\{)\{\{(?!\{)[ \t\r\n]*([A-Za-z0-9_-]{1,250})[ \t\r\n]*\}\}")
FSTRING = re.compile(r"(\{\{)|(\}\})|\{([A-Za-z_][A-Za-z0-9_-]*)\}")
SCHEMA_MEMBERS = {"$schema", "type", "title", "description", "properties", "required", "additionalProperties"}
PROPERTY_MEMBERS = {"type", "title", "description", "default"}


class _Unsure(Exception):
    """Only the server knows."""


def rendered(prompt: Mapping[str, Any], values: Mapping[str, Any]) -> Union[str, list[Message], None]:
    """The text, or the messages of a chat prompt; None if the server has to render. `prompt` is a response of resolve."""
    try:
        return _Renderer(prompt, values).render()
    except (_Unsure, AttributeError, KeyError, TypeError):
        return None


class _Renderer:
    def __init__(self, prompt: Mapping[str, Any], values: Mapping[str, Any]):
        self._prompt = prompt
        self._given = values
        self._values: dict[str, str] = {}
        self._used: set[str] = set()
        self._properties: Mapping[str, Any] = {}
        self._required: set[str] = set()
        self._closed = False

    def render(self) -> Union[str, list[Message]]:
        self._read_schema(self._prompt.get("input_schema") or {})
        language = self._prompt.get("template_format") or "mustache"
        if language not in ("mustache", "f-string"):
            raise _Unsure
        self._language = language
        messages = self._prompt.get("messages")
        if self._prompt.get("type") == "chat":
            if not isinstance(messages, list):
                raise _Unsure
            placeholders = {m["name"] for m in messages if m.get("type") == "placeholder"}
            self._take(placeholders)
            result: Union[str, list[Message]] = [found for message in messages for found in self._message(message)]
        else:
            self._take(set())
            result = self._text(self._prompt.get("template"))
        if any(name not in self._values and name in self._required for name in self._properties):
            raise _Unsure
        return result

    def _read_schema(self, schema: Mapping[str, Any]) -> None:
        if set(schema) - SCHEMA_MEMBERS:
            raise _Unsure
        others = schema.get("additionalProperties", True)
        if not isinstance(others, bool):
            raise _Unsure
        self._closed = not others
        self._properties = schema.get("properties", {})
        self._required = set(schema.get("required", []))

    def _take(self, placeholders: set[str]) -> None:
        size = 0
        for name, value in self._given.items():
            if name in placeholders:
                continue
            self._check(name, value)
            self._values[name] = _text_of(value)
            size += len(name) + len(self._values[name])
        if size > LARGEST:
            raise _Unsure
        for name, one in self._properties.items():
            if name not in self._values and isinstance(one, dict) and one.get("default") is not None:
                self._values[name] = _text_of(one["default"])

    def _check(self, name: str, value: Any) -> None:
        if name not in self._properties:
            if self._closed:
                raise _Unsure
            return
        one = self._properties[name]
        if not isinstance(one, dict) or set(one) - PROPERTY_MEMBERS:
            raise _Unsure
        kind = one.get("type")
        if kind is not None and not _is_kind(kind, value):
            raise _Unsure

    def _value(self, name: str) -> str:
        if name in self._values:
            return self._values[name]
        if name in self._properties and name not in self._required and self._language == "mustache":
            return ""
        raise _Unsure

    def _text(self, text: Any) -> str:
        if not isinstance(text, str):
            raise _Unsure
        out = self._mustache(text) if self._language == "mustache" else self._fstring(text)
        if len(out) > LARGEST:
            raise _Unsure
        return out

    def _mustache(self, text: str) -> str:
        pieces, at = [], 0
        for found in MUSTACHE.finditer(text):
            pieces += [text[at:found.start()], self._value(found.group(1))]
            if "{{" in pieces[-2]:
                raise _Unsure
            at = found.end()
        if "{{" in text[at:]:
            raise _Unsure
        return "".join([*pieces, text[at:]])

    def _fstring(self, text: str) -> str:
        pieces, at = [], 0
        for found in FSTRING.finditer(text):
            pieces.append(text[at:found.start()])
            opened, closed, name = found.groups()
            pieces.append("{" if opened else "}" if closed else self._value(name))
            if "{" in pieces[-2] or "}" in pieces[-2]:
                raise _Unsure
            at = found.end()
        if "{" in text[at:] or "}" in text[at:]:
            raise _Unsure
        return "".join([*pieces, text[at:]])

    def _message(self, message: Message) -> list[Message]:
        if message.get("type") == "placeholder":
            given = self._given.get(message["name"])
            if given is None:
                return []
            if not isinstance(given, list) or not all(isinstance(one, dict) and "role" in one for one in given):
                raise _Unsure
            return [dict(one) for one in given]
        content = message.get("content")
        return [{**message, "content": self._text(content) if isinstance(content, str) else content}]


def _is_kind(kind: Any, value: Any) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    return kind in ("integer", "number") and isinstance(value, int) and not isinstance(value, bool)


def _text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return str(value)
    if type(value) is str and value.isascii() or isinstance(value, str) and not _has_surrogates(value):
        return value
    raise _Unsure


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)
