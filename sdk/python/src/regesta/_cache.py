"""Prompts in memory: most calls take no network. Thread-safe.

An answer is given again without a look at the server for `fresh_for` seconds, or while the change feed is followed. An
older one is still given at once, and fetched again in the background. If the server fails, the last good one is given.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Callable, Optional

from ._disk import Disk
from ._errors import RegestaError, Unavailable
from ._http import Transport
from ._prompt import Prompt, Renderer, read_prompt

MOST_EAGER = 64  # answers about one change that are fetched before somebody asks
MOST_NEWS = 4096
CONFIRM_EVERY = 60.0  # seconds between two notes on disk that a file is as it should be


@dataclass
class CacheOptions:
    fresh_for: float = 1.0
    refresh_within: float = 60.0
    stale_if_error: float = 86_400.0
    most: int = 10_000


@dataclass
class _Entry:
    name: str
    prompt: Prompt
    checked: float
    """When the request began that last confirmed it."""
    fixed: bool
    outdated: bool = False
    """The feed reported a change since."""
    confirmed: float = 0.0


@dataclass
class _Flight:
    began: float
    result: Future[Prompt]


class PromptCache:
    def __init__(self, transport: Transport, options: CacheOptions, disk: Optional[Disk], renderer: Renderer,
                 clock: Callable[[], float] = time.monotonic):
        self._transport = transport
        self._options = options
        self._disk = disk
        self._renderer = renderer
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self.reset()

    def reset(self) -> None:
        """Starts anew, also in a child process, which has none of the threads. What is kept stays."""
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._paths: dict[str, set[str]] = {}
        for path, entry in self._entries.items():
            self._paths.setdefault(entry.name, set()).add(path)
        self._flights: dict[str, _Flight] = {}
        self._news: dict[str, float] = {}
        self._due: OrderedDict[str, None] = OrderedDict()
        self._following: Optional[float] = None
        self._failing_until = 0.0
        self._stopping = False
        self._refresher: Optional[threading.Thread] = None

    # What callers ask

    def peek(self, path: str) -> Optional[Prompt]:
        """What can be given without waiting; None if the server has to be asked."""
        with self._lock:
            entry = self._entries.get(path)
            if entry is None:
                return None
            self._entries.move_to_end(path)
            now = self._clock()
            age = now - entry.checked
            if entry.fixed:
                return entry.prompt
            if entry.outdated:
                pass  # a change is known: nobody gets the old answer while the server can be asked
            elif age < self._options.fresh_for or self._is_followed(entry, age):
                return entry.prompt
            elif age < self._options.refresh_within:
                self._due[path] = None
                self._wake_refresher()
                return entry.prompt
            if now < self._failing_until and age < self._options.stale_if_error:
                return replace(entry.prompt, stale=True)
            return None

    def get(self, name: str, path: str, fixed: bool) -> Prompt:
        found = self.peek(path)
        if found is not None:
            return found
        try:
            return self._fetch(name, path, fixed)
        except Unavailable:
            kept = self._last_good(name, path, fixed)
            if kept is None:
                raise
            return kept

    def _is_followed(self, entry: _Entry, age: float) -> bool:
        since = self._following
        return since is not None and entry.checked >= since and age < self._options.refresh_within

    def _last_good(self, name: str, path: str, fixed: bool) -> Optional[Prompt]:
        with self._lock:
            entry = self._entries.get(path)
            if entry is not None:
                age = self._clock() - entry.checked
                return replace(entry.prompt, stale=True) if fixed or age < self._options.stale_if_error else None
        stored = self._disk.read(path) if self._disk else None
        if stored is None or (stored.age >= self._options.stale_if_error and not fixed):
            return None
        prompt = read_prompt(stored.body, stored.etag, self._renderer)
        with self._lock:
            if path not in self._entries:  # its age goes on counting
                self._put(name, path, _Entry(name, prompt, self._clock() - stored.age, fixed, outdated=not fixed))
        return replace(prompt, stale=not fixed)

    # Fetching

    def _fetch(self, name: str, path: str, fixed: bool) -> Prompt:
        """From the server; callers at the same time share one request that began after the last known change."""
        with self._lock:
            flight = self._flights.get(path)
            if flight is not None and flight.began >= self._news.get(name, 0.0):
                mine = False
            else:
                mine = True
                flight = self._flights[path] = _Flight(self._clock(), Future())
        if not mine:
            return flight.result.result()
        try:
            prompt = self._ask(name, path, fixed, flight.began)
        except BaseException as error:
            flight.result.set_exception(error)
            flight.result.exception()  # it is looked at here, if nobody waits
            raise
        else:
            flight.result.set_result(prompt)
            return prompt
        finally:
            with self._lock:
                if self._flights.get(path) is flight:
                    del self._flights[path]

    def _ask(self, name: str, path: str, fixed: bool, began: float) -> Prompt:
        with self._lock:
            entry = self._entries.get(path)
        known = entry.prompt if entry else None
        try:
            answer = self._transport.request("GET", path, etag=known.etag if known else "")
            if answer.status >= 500:
                answer.good()
        except Unavailable:
            with self._lock:
                self._failing_until = self._clock() + self._options.fresh_for
            raise
        if answer.status == 304 and known is not None:
            prompt = known
        elif answer.status == 200:
            prompt = read_prompt(answer.body.decode("utf-8", "replace"), answer.etag, self._renderer)
        else:
            self.forget(path)  # the server says no: no older answer takes its place
            answer.good()
            raise RegestaError(f"the server answers {answer.status}", status=answer.status)
        self._store(name, path, prompt, fixed, began, prompt is not known)
        return prompt

    def _store(self, name: str, path: str, prompt: Prompt, fixed: bool, began: float, changed: bool) -> None:
        with self._lock:
            self._failing_until = 0.0
            entry = self._entries.get(path)
            if entry is not None and entry.checked > began:
                return  # a later request was answered before
            confirmed = entry.confirmed if entry else 0.0
            stamp = self._disk is not None and (changed or began - confirmed >= CONFIRM_EVERY)
            outdated = not fixed and began < self._news.get(name, 0.0)
            evicted = self._put(name, path, _Entry(name, prompt, began, fixed, outdated, began if stamp else confirmed))
            if outdated:
                self._due[path] = None
        if self._disk and stamp:
            if changed:
                self._disk.write(path, prompt.json, prompt.etag)
            else:
                self._disk.confirm(path)
        if self._disk and evicted:
            self._disk.remove(evicted)

    def _put(self, name: str, path: str, entry: _Entry) -> Optional[str]:
        """Under the lock. Returns the path of an answer that had to go."""
        self._entries[path] = entry
        self._entries.move_to_end(path)
        self._paths.setdefault(name, set()).add(path)
        if len(self._entries) <= max(1, self._options.most):
            return None
        oldest = next(iter(self._entries))
        self._drop(oldest)
        return oldest

    def _drop(self, path: str) -> None:
        entry = self._entries.pop(path, None)
        if entry is None:
            return
        paths = self._paths[entry.name]
        paths.discard(path)
        if not paths:
            del self._paths[entry.name]

    def forget(self, path: str) -> None:
        with self._lock:
            self._drop(path)
        if self._disk:
            self._disk.remove(path)

    # What the change feed reports

    def following(self, since: Optional[float]) -> None:
        """Every change after `since` is reported from now on; None: the feed is lost."""
        with self._lock:
            lost = self._following is None
            self._following = since
            if since is not None and lost:
                self._expect(reversed(self._entries))

    def changed(self, names: Iterable[str]) -> None:
        now = self._clock()
        with self._lock:
            for name in names:
                self._news[name] = now
                for path in self._paths.get(name, ()):
                    self._entries[path].outdated = not self._entries[path].fixed
                known = self._paths.get(name, set())
                self._expect(sorted(known) if len(known) <= MOST_EAGER else (p for p in reversed(self._entries) if p in known))
            if len(self._news) > MOST_NEWS:  # no request takes that long
                self._news = {name: at for name, at in self._news.items() if at > now - 10 * self._transport.timeout}

    def _expect(self, paths: Iterable[str]) -> None:
        """Fetches the first of them before somebody asks. Under the lock."""
        count = 0
        for path in paths:
            if count == MOST_EAGER:
                break
            if not self._entries[path].fixed:
                self._due[path] = None
                count += 1
        if count:
            self._wake_refresher()

    # The background thread

    def _wake_refresher(self) -> None:
        if self._refresher is None and not self._stopping:
            self._refresher = threading.Thread(target=self._refresh, name="regesta-refresh", daemon=True)
            self._refresher.start()
        self._wake.notify_all()

    def _is_current(self, entry: Optional[_Entry]) -> bool:
        """Whether there is nothing to fetch. Under the lock."""
        if entry is None or entry.fixed:
            return True
        age = self._clock() - entry.checked
        missed = self._following is not None and entry.checked < self._following
        return not entry.outdated and not missed and age < self._options.fresh_for

    def _refresh(self) -> None:
        while True:
            with self._lock:
                while not self._due and not self._stopping:
                    self._wake.wait()
                if self._stopping:
                    return
                path, _ = self._due.popitem(last=False)
                entry = self._entries.get(path)
                if entry is None or self._is_current(entry):
                    continue
            try:
                self._fetch(entry.name, path, False)
            except Unavailable:
                with self._lock:  # not again at once
                    self._due[path] = None
                    self._wake.wait_for(lambda: self._stopping, self._options.fresh_for)
            except RegestaError:
                pass  # the entry is forgotten: the next call asks, and hears it
            except Exception:
                with contextlib.suppress(Exception):
                    self.forget(path)

    def stop_soon(self) -> None:
        with self._lock:
            self._stopping = True
            self._wake.notify_all()

    def stop(self) -> None:
        self.stop_soon()
        thread = self._refresher
        if thread is not None and thread is not threading.current_thread():
            thread.join(self._transport.timeout + 1)
