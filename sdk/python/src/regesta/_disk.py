"""The last good responses on disk, one file each, for a start while the server is unavailable."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ._settings import Settings

log = logging.getLogger("regesta")


@dataclass(frozen=True)
class Stored:
    body: str
    etag: str
    age: float
    """Seconds since the server last confirmed it."""


class Disk:
    """Files below `folder`. Another server, workspace or caller has another folder: what one may read, others may not.

    A disk that fails is logged once, and not used.
    """

    def __init__(self, folder: str, settings: Settings, most: int):
        whose = "\0".join((settings.url, settings.workspace, settings.authorization))
        self._folder = Path(folder) / hashlib.sha256(whose.encode()).hexdigest()[:32]
        self._warned = False
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._prune(most)
        except OSError as error:
            self._warn(error)

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            log.warning("prompts cannot be kept in %s: %s", self._folder, error)
        self._warned = True

    def _prune(self, most: int) -> None:
        """Deletes what a process left unfinished, and the oldest files above `most`."""
        files = []
        for entry in os.scandir(self._folder):
            changed = entry.stat().st_mtime
            if entry.name.endswith(".json"):
                files.append((changed, entry.path))
            elif changed < time.time() - 3600:
                os.unlink(entry.path)
        for _, path in sorted(files)[: max(0, len(files) - most)]:
            os.unlink(path)

    def _file(self, path: str) -> Path:
        return self._folder / (hashlib.sha256(path.encode()).hexdigest()[:40] + ".json")

    def read(self, path: str) -> Optional[Stored]:
        file = self._file(path)
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            if kept["path"] != path:
                return None
            return Stored(str(kept["body"]), str(kept["etag"]), max(0.0, time.time() - file.stat().st_mtime))
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
        except (ValueError, KeyError, TypeError):
            log.warning("%s cannot be read and was deleted", file)
            self.remove(path)
        return None

    def write(self, path: str, body: str, etag: str) -> None:
        """Replaces the file at once: a reader sees the old or the new one."""
        temporary = ""
        try:
            handle, temporary = tempfile.mkstemp(dir=self._folder)  # with mode 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"path": path, "etag": etag, "body": body}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._file(path))
        except OSError as error:
            self._warn(error)
            if temporary and os.path.exists(temporary):
                os.unlink(temporary)

    def confirm(self, path: str) -> None:
        """The server said that the file is as it should be."""
        try:
            os.utime(self._file(path))
        except OSError:
            pass

    def remove(self, path: str) -> None:
        try:
            self._file(path).unlink()
        except OSError:
            pass
