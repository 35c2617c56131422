"""The client that blocks. One is enough for a program."""

from __future__ import annotations

import atexit
import json
import os
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, Union

from ._cache import CacheOptions, PromptCache
from ._disk import Disk
from ._errors import RegestaError
from ._feed import Follower
from ._http import Transport, encode, json_bytes
from ._moves import GateCheck, Move, check_of, move_of, parse_asset, parse_reference
from ._prompt import Prompt, never_moves
from ._records import record_of
from ._render import Message
from ._scores import ScoreSender, report_of
from ._settings import settings_of
from ._version import __version__

SLOW = 30.0  # seconds


class Client:
    """Prompts, quality and promotions of one server. Thread-safe.

    What is not given comes from the environment (`REGESTA_URL`, `REGESTA_TOKEN`, `REGESTA_WORKSPACE`, …), from the file
    `config` (default: `regesta-client.toml` if it exists), or from `regesta login`.

    - `timeout`: seconds for one request.
    - `fresh_for`: seconds for which an answer is given again without a look at the server.
    - `refresh_within`: seconds for which an older answer is still given at once, while it is fetched again.
    - `stale_if_error`: seconds for which the last good answer takes the place of a failing server's.
    - `cache_dir`: folder in which the last good answers are kept for the next start. None: they are not.
    - `follow`: follow the change feed, so that a change arrives within milliseconds.
    """

    def __init__(
        self, url: Optional[str] = None, token: Optional[str] = None, workspace: Optional[str] = None, *,
        timeout: float = 2.0, fresh_for: float = 1.0, refresh_within: float = 60.0, stale_if_error: float = 86_400.0,
        max_entries: int = 10_000, cache_dir: Union[str, Path, None] = None, follow: bool = True,
        ca_file: Optional[str] = None, config: Union[str, Path, None] = None,
    ):
        self._settings = settings_of(url, token, workspace, ca_file, cache_dir, config)
        self._transport = Transport(self._settings, timeout, f"regesta-python/{__version__}")
        folder = self._settings.cache_dir
        disk = Disk(folder, self._settings, max_entries) if folder else None
        self._cache = PromptCache(
            self._transport, CacheOptions(fresh_for, refresh_within, stale_if_error, max_entries), disk,
            self._render_there)
        self._follower = Follower(self._transport, self._cache) if follow else None
        self._scores = ScoreSender(self._transport)
        self._closed = False
        _clients.add(self)

    @property
    def url(self) -> str:
        return self._settings.url

    # Prompts

    def prompt(
        self, name: str, alias: Optional[str] = None, key: Optional[str] = None,
        context: Optional[Mapping[str, Any]] = None,
    ) -> Prompt:
        """The version that `alias` leads to.

        `alias` is an alias, a number, a SemVer or a range; by default what the settings file says about the prompt, or
        `production`. `key` names the user or session: during a rollout, it gets the same version every time. `context`
        has attributes that segments look at. Raises RegestaError if there is no answer, also no older one.
        """
        path, fixed = self._path(name, alias, key, context)
        self._follow()
        return self._cache.get(name, path, fixed)

    def _path(self, name: str, alias: Optional[str], key: Optional[str], context: Optional[Mapping[str, Any]]) -> tuple[str, bool]:
        if self._closed:
            raise RegestaError("the client is closed")
        selector = alias or self._settings.prompts.get(name) or "production"
        base = f"/api/v1/prompts/{encode(name)}"
        if never_moves(selector):
            return f"{base}/versions/{encode(selector)}", True
        path = f"{base}/resolve?alias={encode(selector)}"
        if key:
            path += f"&key={encode(key)}"
        if context:
            path += f"&context={encode(json.dumps(context, ensure_ascii=False, sort_keys=True, separators=(',', ':')))}"
        return path, False

    def _follow(self) -> None:
        if self._follower is not None:
            self._follower.start()

    def wait_until_following(self, timeout: float = 10.0) -> bool:
        """Waits until the change feed is followed. Returns whether it is."""
        self._follow()
        return self._follower is not None and self._follower.connected.wait(timeout)

    def _render_there(self, prompt: Prompt, values: Mapping[str, Any], messages: bool) -> Union[str, list[Message]]:
        body: dict[str, Any] = {"version": str(prompt.version), "variables": dict(values)}
        if messages:
            body["format"] = "messages"
        answer = self._slowly("POST", f"/api/v1/prompts/{encode(prompt.name)}/render", body)
        found = answer.get("messages") if messages else answer.get("text")
        if not isinstance(found, list if messages else str):
            raise RegestaError("the response is not a rendered prompt")
        return found

    # Quality

    def score(
        self, prompt: Union[Prompt, str], metric: str, value: float, *, version: Union[str, int, None] = None,
        unit: str = "", key: str = "", at: Any = None,
    ) -> None:
        """Records an observation about a version. Returns at once; batches are sent in the background.

        `prompt` is what `prompt()` returned, or a name together with `version`. `unit` is the user or session; `key`
        makes the report idempotent. See `flush()`.
        """
        name, used = _used(prompt, version)
        self._scores.add(name, report_of(used, metric, value, unit, key, at))

    def flush(self, timeout: float = 10.0) -> bool:
        """Sends the scores that wait. Returns whether all of them were sent within `timeout` seconds."""
        return self._scores.flush(timeout)

    def report(
        self, prompt: Union[Prompt, str], metric: str, value: float, *, version: Union[str, int, None] = None,
        unit: str = "", key: str = "", at: Any = None,
    ) -> None:
        """Like `score`, but returns when the report is durable and every guard that had to act has acted."""
        name, used = _used(prompt, version)
        refused = self.report_all(name, [report_of(used, metric, value, unit, key, at)])
        if refused:
            raise RegestaError(str(refused[0].get("error", "refused")), status=400, code="invalid")

    def report_all(self, prompt: str, reports: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Sends reports with the members of the HTTP API. Returns the refused ones: `index` and `error`."""
        body = {"reports": [dict(one) for one in reports]}
        return list(self._transport.call("POST", f"/api/v1/prompts/{encode(prompt)}/reports", body).get("refused", []))

    def quality(self, prompt: str) -> list[dict[str, Any]]:
        """Count, mean and quantiles of each metric of each version."""
        return list(self._transport.call("GET", f"/api/v1/prompts/{encode(prompt)}/quality")["items"])

    # Decision records

    def record(
        self, used: Union[Prompt, str], output: Any, *, inputs: Any = None, subject: str = "", caller: str = "",
        key: str = "", **more: Any,
    ) -> dict[str, Any]:
        """Keeps what a version answered, and returns when that is durable: `batch`, `records`, `digest`, `first`.

        `used` is what `prompt()` returned, or a version such as `model/loan-risk@3`. `subject` is the person that the
        answer is about; `more` are other members of the HTTP API (`parameters`, `seed`, `trace_id`, `at`). `key` makes
        the call idempotent.
        """
        return self.record_all([record_of(used, output, inputs, subject, caller, more)], key)

    def record_all(self, records: Iterable[Mapping[str, Any]], key: str = "") -> dict[str, Any]:
        """Keeps records with the members of the HTTP API: all of them, or none."""
        lines = b"\n".join(json_bytes(dict(one)) for one in records)
        headers = {"Idempotency-Key": key} if key else {}
        answer = self._transport.request("POST", "/api/v1/records", lines, headers=headers, timeout=max(self._transport.timeout, SLOW))
        return dict(answer.good())

    # Promotion

    def promote(self, reference: str, to: str = "production", reason: str = "", expect: Optional[int] = None) -> Move:
        """Moves the alias `to` to a version, through its gate: `promote("prompt/greeting@2")`.

        With `expect`, the alias must point to that version number now (0: it must not exist). Raises GateRefused with
        every violation, missing requirement and the change request.
        """
        kind, name, selector = parse_reference(reference)
        body: dict[str, Any] = {"version": selector, "reason": reason}
        if expect is not None:
            body["from"] = expect
        path = f"/api/v1/assets/{kind}/{encode(name)}/aliases/{encode(to)}"
        return move_of(self._slowly("PUT", path, body))

    def rollback(self, asset: str, alias: str = "production", to: Optional[str] = None, reason: str = "") -> Move:
        """Moves the alias back to the version it pointed to before, or to `to`: `rollback("prompt/greeting")`."""
        kind, name = parse_asset(asset)
        body: dict[str, Any] = {"reason": reason}
        if to is not None:
            body["to"] = to
        path = f"/api/v1/assets/{kind}/{encode(name)}/aliases/{encode(alias)}/rollback"
        return move_of(self._slowly("POST", path, body))

    def check(self, reference: str, to: str = "production") -> GateCheck:
        """What the gate would decide about `promote(reference, to)`. Nothing moves, and nothing is stored."""
        kind, name, selector = parse_reference(reference)
        pointer = {"kind": kind, "name": name, "alias": to, "version": selector}
        answer = self._slowly("POST", "/api/v1/policies/eval", {"pointer": pointer})
        return check_of(reference, to, answer)

    def decision(self, digest: str) -> dict[str, Any]:
        """A stored decision: its input, the verdict and the policies that made it."""
        return dict(self._transport.call("GET", f"/api/v1/decisions/{encode(digest)}"))

    # Everything else

    def _slowly(self, method: str, path: str, body: Any) -> Any:
        """A call that may wait for a policy or a template that runs in a worker."""
        return self._transport.call(method, path, body, timeout=max(self._transport.timeout, SLOW))

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Any call of the HTTP API, with the client's credentials: `client.request("GET", "/api/v1/assets")`."""
        return self._transport.call(method, path, body)

    def close(self, timeout: float = 5.0) -> None:
        """Sends the scores that wait, and ends the background threads."""
        if self._closed:
            return
        self._closed = True
        self._scores.stop(timeout)
        self._cache.stop_soon()
        if self._follower is not None:
            self._follower.stop()
        self._cache.stop()
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def _after_fork(self) -> None:
        self._transport.reset()
        self._cache.reset()
        self._scores.reset()
        if self._follower is not None:
            self._follower.reset()


def _used(prompt: Union[Prompt, str], version: Union[str, int, None]) -> tuple[str, Union[str, int]]:
    if isinstance(prompt, Prompt):
        return prompt.name, version if version is not None else prompt.version
    if version is None:
        raise ValueError("a score needs the version: give what prompt() returned, or version=")
    return prompt, version


_clients: weakref.WeakSet[Client] = weakref.WeakSet()


def _after_fork() -> None:
    for client in list(_clients):
        client._after_fork()


def _at_exit() -> None:
    for client in list(_clients):
        client.close(timeout=2.0)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
