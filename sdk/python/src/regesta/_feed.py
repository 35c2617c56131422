"""Follows the server's change feed, so that a change is known within milliseconds."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Optional

from ._cache import PromptCache
from ._http import Transport

SHORTEST_RETRY, LONGEST_RETRY = 0.2, 5.0
REFUSED_RETRY = 60.0  # the server is there and will not: callers revalidate instead
SILENCE = 60.0  # seconds; the server sends a heartbeat more often


def prompts_of(subject: str) -> set[str]:
    """Names that a subject may be about: marks may be part of a name, so every reading counts."""
    if not subject.startswith("prompt/"):
        return set()
    text = subject[len("prompt/"):]
    return {text} | {text[:at] for at, c in enumerate(text) if c in "@#"}


class Follower:
    def __init__(self, transport: Transport, cache: PromptCache):
        self._transport = transport
        self._cache = cache
        self.reset()

    def reset(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._socket: Optional[socket.socket] = None
        self.connected = threading.Event()

    def start(self) -> None:
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="regesta-feed", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._lock:
            sock, thread = self._socket, self._thread
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if thread is not None and thread is not threading.current_thread():
            thread.join(self._transport.timeout + 1)

    def _run(self) -> None:
        retry = SHORTEST_RETRY
        while not self._stopping.is_set():
            pause = retry
            try:
                status = self._follow()
                pause = retry = SHORTEST_RETRY
                if status != 200:
                    pause = REFUSED_RETRY
            except (OSError, http.client.HTTPException, ValueError):
                if self.connected.is_set():
                    pause = retry = SHORTEST_RETRY
                retry = min(retry * 2, LONGEST_RETRY)
            self.connected.clear()
            self._cache.following(None)
            self._stopping.wait(pause)

    def _follow(self) -> int:
        """Until the stream ends. Returns the status."""
        connection = self._transport.connect(timeout=self._transport.timeout)
        try:
            response = self._transport.send(connection, "GET", "/api/v1/changes", headers={"Accept": "text/event-stream"})
            if response.status != 200 or not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                return response.status if response.status != 200 else 501
            with self._lock:
                self._socket = connection.sock
            if connection.sock is not None:
                connection.sock.settimeout(SILENCE)
            for block in self._blocks(response):
                if not self.connected.is_set():  # the first block: from here on, nothing is missed
                    self._cache.following(time.monotonic())
                    self.connected.set()
                names = names_in(block)
                if names:
                    self._cache.changed(names)
            return 200
        finally:
            with self._lock:
                self._socket = None
            connection.close()

    def _blocks(self, response: http.client.HTTPResponse) -> Iterator[str]:
        """The events and comments of the stream, which an empty line ends."""
        pending = b""
        while not self._stopping.is_set():
            part = response.read1(65536)
            if not part:
                return
            *blocks, pending = (pending + part).split(b"\n\n")
            for block in blocks:
                yield block.decode("utf-8", "replace")


def names_in(block: str) -> set[str]:
    data = "\n".join(line[5:].lstrip(" ") for line in block.split("\n") if line.startswith("data:"))
    if not data:
        return set()
    body = json.loads(data)
    subject = body.get("subject") if isinstance(body, dict) else None
    return prompts_of(subject) if isinstance(subject, str) else set()
