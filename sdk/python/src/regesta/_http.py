"""Requests over kept-alive connections. Thread-safe."""

from __future__ import annotations

import http.client
import json
import select
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import Any, Optional
from urllib.parse import quote, urlsplit

from ._errors import RegestaError, Unavailable, error_of
from ._settings import Settings

MOST_IDLE = 16
LARGEST_ANSWER = 64 * 1024 * 1024


def encode(text: str) -> str:
    """Percent-encoded, as one part of a path or a query."""
    return quote(text, safe="")


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@dataclass(frozen=True)
class Answer:
    status: int
    etag: str
    body: bytes

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            if self.status < 400:
                raise RegestaError("the response is not JSON: is this a Regesta server?", status=self.status) from None
            return None

    def good(self) -> Any:
        """The JSON of a successful response. Raises RegestaError otherwise."""
        if self.status >= 300:
            raise error_of(self.status, self.json())
        return self.json()


class Transport:
    """One server, one caller. Raises Unavailable if the server cannot be reached."""

    def __init__(self, settings: Settings, timeout: float, user_agent: str):
        self.settings = settings
        self.timeout = timeout
        parts = urlsplit(settings.url)
        if not parts.hostname:
            raise ValueError(f"the server's URL has no host: {settings.url!r}")
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = ssl.create_default_context(cafile=settings.ca_file or None) if parts.scheme == "https" else None
        self._headers = {"User-Agent": user_agent, "Accept": "application/json"}
        if settings.authorization:
            self._headers["Authorization"] = settings.authorization
        if settings.workspace:
            self._headers["X-Regesta-Workspace"] = settings.workspace
        self.reset()

    def reset(self) -> None:
        """Forgets every connection, also those that a parent process uses."""
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []

    def connect(self, timeout: Optional[float] = None) -> http.client.HTTPConnection:
        seconds = self.timeout if timeout is None else timeout
        if self._tls:
            return http.client.HTTPSConnection(self._host, self._port, timeout=seconds, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port, timeout=seconds)

    def _taken(self) -> Optional[http.client.HTTPConnection]:
        """An idle connection that the server has not closed meanwhile."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.sock is not None and not _readable(connection.sock):
                return connection
            connection.close()

    def _kept(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def send(self, connection: http.client.HTTPConnection, method: str, path: str, body: Optional[bytes] = None,
             headers: Optional[dict[str, str]] = None) -> http.client.HTTPResponse:
        every = {**self._headers, **(headers or {})}
        if body is not None:
            every["Content-Type"] = "application/json"
        connection.request(method, self._prefix + path, body, every)
        return connection.getresponse()

    def request(self, method: str, path: str, body: Any = None, etag: str = "", timeout: Optional[float] = None,
                headers: Optional[dict[str, str]] = None) -> Answer:
        """`body` is JSON, or bytes that are sent as they are."""
        content = body if body is None or isinstance(body, bytes) else json_bytes(body)
        headers = {**(headers or {}), **({"If-None-Match": etag} if etag else {})}
        connection = self._taken()
        for attempt in range(2):
            reused = connection is not None
            connection = connection or self.connect(timeout)
            if connection.sock is not None:
                connection.sock.settimeout(self.timeout if timeout is None else timeout)
            try:
                response = self.send(connection, method, path, content, headers)
                data = response.read(LARGEST_ANSWER + 1)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                connection = None
                if reused and method == "GET" and attempt == 0 and not isinstance(error, socket.timeout):
                    continue
                raise Unavailable(f"{self.settings.url} cannot be reached: {error or type(error).__name__}") from error
            if len(data) > LARGEST_ANSWER:
                connection.close()
                raise RegestaError(f"the response has more than {LARGEST_ANSWER} bytes", status=response.status)
            if response.will_close:
                connection.close()
            else:
                self._kept(connection)
            return Answer(response.status, response.headers.get("ETag", ""), data)
        raise AssertionError("unreachable")

    def call(self, method: str, path: str, body: Any = None, timeout: Optional[float] = None) -> Any:
        """The JSON of a successful response. Raises RegestaError otherwise."""
        return self.request(method, path, body, timeout=timeout).good()


def _readable(sock: socket.socket) -> bool:
    try:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True
