"""Quality observations that are sent in the background, in batches, each exactly once."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from typing import Any, Optional

from ._errors import RegestaError, Unavailable
from ._http import Transport, encode

log = logging.getLogger("regesta")
MOST_WAITING = 10_000
BATCH = 500
EVERY = 1.0  # seconds


class ScoreSender:
    """Above MOST_WAITING, the oldest observation is dropped and counted in `dropped`."""

    def __init__(self, transport: Transport):
        self._transport = transport
        self.dropped = 0
        self.reset()

    def reset(self) -> None:
        """For a child process: what waits is the parent's to send."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self._sending = 0
        self._urgent = False
        self._stopping = False
        self._thread: Optional[threading.Thread] = None

    def add(self, prompt: str, report: dict[str, Any]) -> None:
        report.setdefault("key", uuid.uuid4().hex)  # sent again after a failure, it counts once
        with self._lock:
            if self._stopping:
                raise RegestaError("the client is closed")
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append((prompt, report))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="regesta-scores", daemon=True)
                self._thread.start()
            if len(self._waiting) >= BATCH:
                self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Sends what waits. Returns whether all of it was sent, or refused, within `timeout` seconds."""
        with self._lock:
            self._urgent = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._waiting and not self._sending, timeout)

    def stop(self, timeout: float) -> None:
        self.flush(timeout)
        with self._lock:
            self._stopping = True
            self._changed.notify_all()
            thread = self._thread
            if self._waiting:
                log.warning("%d scores were not sent", len(self._waiting))
        if thread is not None and thread is not threading.current_thread():
            thread.join(self._transport.timeout + 1)

    def _run(self) -> None:
        pause = EVERY
        while True:
            with self._lock:
                self._changed.wait_for(
                    lambda: self._stopping or (self._urgent and bool(self._waiting)) or len(self._waiting) >= BATCH, pause)
                if self._stopping:
                    return
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                self._sending = len(batch)
            failed = self._send(batch)
            with self._lock:
                self._waiting.extendleft(reversed(failed))
                self._sending = 0
                if not self._waiting:
                    self._urgent = False
                self._changed.notify_all()
                if failed:  # not again at once, also if somebody waits in flush()
                    self._changed.wait_for(lambda: self._stopping, EVERY)

    def _send(self, batch: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
        """Returns what has to be sent again."""
        by_prompt: dict[str, list[dict[str, Any]]] = {}
        for prompt, report in batch:
            by_prompt.setdefault(prompt, []).append(report)
        failed: list[tuple[str, dict[str, Any]]] = []
        for prompt, reports in by_prompt.items():
            try:
                answer = self._transport.call("POST", f"/api/v1/prompts/{encode(prompt)}/reports", {"reports": reports})
                for refused in answer.get("refused", []):
                    log.warning("a score of prompt %r was refused: %s", prompt, refused.get("error"))
            except Unavailable:
                failed += [(prompt, report) for report in reports]
            except RegestaError as error:
                if error.status == 429:
                    failed += [(prompt, report) for report in reports]
                else:
                    log.warning("%d scores of prompt %r were refused: %s", len(reports), prompt, error)
            except Exception as error:
                log.warning("%d scores of prompt %r cannot be sent: %s", len(reports), prompt, error)
        return failed


def report_of(version: Any, metric: str, value: float, unit: str, key: str, at: Any) -> dict[str, Any]:
    report: dict[str, Any] = {"version": version, "metric": metric, "value": float(value)}
    if unit:
        report["unit"] = unit
    if key:
        report["key"] = key
    if at is None:
        at = time.time()
    report["at"] = at if isinstance(at, str) else _rfc3339(at)
    return report


def _rfc3339(at: Any) -> str:
    seconds = at.timestamp() if hasattr(at, "timestamp") else float(at)
    millis = int(seconds * 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(millis // 1000)) + f".{millis % 1000:03d}Z"
