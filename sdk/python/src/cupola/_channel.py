"""The way to Cupola: lines of JSON on a descriptor."""

from __future__ import annotations

import fcntl
import json
import os
import select
import stat
import threading
from collections import deque
from typing import Deque, Dict, Optional

from ._values import Json


class Channel:
    """Writes whole lines, whoever else in this process or in its children writes too."""

    def __init__(self, descriptor: Optional[int], folder: Optional[str]) -> None:
        self._descriptor = descriptor
        self._folder = folder
        self._lock = threading.RLock()
        self._lines: Deque[bytes] = deque()
        self._is_writing = False
        self._locked: Optional[int] = None

    @classmethod
    def from_environment(cls) -> Channel:
        """The channel that Cupola opened for this program; a closed one outside of Cupola."""
        text = os.environ.get("CUPOLA_EVENTS_FD", "")
        descriptor = int(text) if text.isdecimal() else None
        if descriptor is not None and not _is_writable_pipe(descriptor):
            descriptor = None
        return cls(descriptor, os.environ.get("CUPOLA_RUN_DIR"))

    def say(self, event: Dict[str, Json]) -> bool:
        """Writes an event; false when nobody listens."""
        if self._descriptor is None:
            return False
        text = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        with self._lock:
            self._lines.append(text.encode("utf-8") + b"\n")
            # A signal's handler may have come in between: its line goes after the one at hand.
            if not self._is_writing:
                self._is_writing = True
                try:
                    self._write_lines()
                finally:
                    self._is_writing = False
        return self._descriptor is not None

    def after_fork(self) -> None:
        """The child begins without the lines and locks of its parent's threads."""
        if self._locked is not None:
            os.close(self._locked)
        Channel.__init__(self, self._descriptor, self._folder)

    def _write_lines(self) -> None:
        while self._lines and self._descriptor is not None:
            line = self._lines.popleft()
            try:
                self._write(self._descriptor, line)
            except OSError:
                # Whoever listened is gone, or the program closed the descriptor.
                self._descriptor = None
        self._lines.clear()

    def _write(self, descriptor: int, line: bytes) -> None:
        folder = self._open_folder()
        if folder is not None:
            # A pipe takes up to PIPE_BUF bytes at once, more of them in pieces: processes take turns.
            fcntl.flock(folder, fcntl.LOCK_EX)
        try:
            rest = memoryview(line)
            while rest:
                try:
                    rest = rest[os.write(descriptor, rest) :]
                except BlockingIOError:
                    select.select([], [descriptor], [])
        finally:
            if folder is not None:
                fcntl.flock(folder, fcntl.LOCK_UN)

    def _open_folder(self) -> Optional[int]:
        if self._locked is None and self._folder:
            try:
                self._locked = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                self._folder = None
        return self._locked


def _is_writable_pipe(descriptor: int) -> bool:
    """Whether this is still what Cupola opened: a child may have something else at its number."""
    try:
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return False
        return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    except OSError:
        return False


channel = Channel.from_environment()
os.register_at_fork(after_in_child=lambda: channel.after_fork())
