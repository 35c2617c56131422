"""The same for asyncio. Answers from memory take no thread; requests run on a few threads, never on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar, Union

from ._client import Client
from ._errors import RegestaError
from ._moves import GateCheck, Move
from ._prompt import Prompt
from ._render import Message

T = TypeVar("T")


class AsyncClient:
    """Takes the arguments of Client, and has its methods as coroutines."""

    def __init__(self, url: Optional[str] = None, token: Optional[str] = None, workspace: Optional[str] = None, *,
                 threads: int = 8, **options: Any):
        self._client = Client(url, token, workspace, **options)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="regesta-async")

    async def _run(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, partial(function, *arguments, **named))

    async def prompt(self, name: str, alias: Optional[str] = None, key: Optional[str] = None,
                     context: Optional[Mapping[str, Any]] = None) -> Prompt:
        path, fixed = self._client._path(name, alias, key, context)
        self._client._follow()
        found = self._client._cache.peek(path)
        return found if found is not None else await self._run(self._client._cache.get, name, path, fixed)

    async def render(self, prompt: Prompt, variables: Optional[Mapping[str, Any]] = None, /, **more: Any) -> str:
        """`prompt.render(…)`, without blocking the event loop if the server has to render."""
        values = {**(variables or {}), **more}
        found = prompt._here(values, False) if prompt.type != "chat" else None
        return found if isinstance(found, str) else await self._run(prompt.render, values)

    async def render_messages(self, prompt: Prompt, variables: Optional[Mapping[str, Any]] = None, /,
                              **more: Any) -> list[Message]:
        values = {**(variables or {}), **more}
        found = prompt._here(values, True)
        return found if isinstance(found, list) else await self._run(prompt.render_messages, values)

    def score(self, prompt: Union[Prompt, str], metric: str, value: float, *, version: Union[str, int, None] = None,
              unit: str = "", key: str = "", at: Any = None) -> None:
        """Not a coroutine: it only adds to what is sent in the background."""
        self._client.score(prompt, metric, value, version=version, unit=unit, key=key, at=at)

    async def flush(self, timeout: float = 10.0) -> bool:
        return await self._run(self._client.flush, timeout)

    async def report(self, prompt: Union[Prompt, str], metric: str, value: float, *,
                     version: Union[str, int, None] = None, unit: str = "", key: str = "", at: Any = None) -> None:
        await self._run(self._client.report, prompt, metric, value, version=version, unit=unit, key=key, at=at)

    async def report_all(self, prompt: str, reports: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return await self._run(self._client.report_all, prompt, list(reports))

    async def quality(self, prompt: str) -> list[dict[str, Any]]:
        return await self._run(self._client.quality, prompt)

    async def record(
        self, used: Union[Prompt, str], output: Any, *, inputs: Any = None, subject: str = "", caller: str = "",
        key: str = "", **more: Any,
    ) -> dict[str, Any]:
        return await self._run(self._client.record, used, output, inputs=inputs, subject=subject, caller=caller, key=key, **more)

    async def record_all(self, records: Iterable[Mapping[str, Any]], key: str = "") -> dict[str, Any]:
        return await self._run(self._client.record_all, list(records), key)

    async def promote(self, reference: str, to: str = "production", reason: str = "",
                      expect: Optional[int] = None) -> Move:
        return await self._run(self._client.promote, reference, to, reason, expect)

    async def rollback(self, asset: str, alias: str = "production", to: Optional[str] = None,
                       reason: str = "") -> Move:
        return await self._run(self._client.rollback, asset, alias, to, reason)

    async def check(self, reference: str, to: str = "production") -> GateCheck:
        return await self._run(self._client.check, reference, to)

    async def decision(self, digest: str) -> dict[str, Any]:
        return await self._run(self._client.decision, digest)

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        return await self._run(self._client.request, method, path, body)

    async def wait_until_following(self, timeout: float = 10.0) -> bool:
        return await self._run(self._client.wait_until_following, timeout)

    async def close(self, timeout: float = 5.0) -> None:
        try:
            await self._run(self._client.close, timeout)
        except RuntimeError as error:  # the executor is down: closed before
            if not self._client._closed:
                raise RegestaError(str(error)) from error
        self._executor.shutdown(wait=False)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        await self.close()
