"""How far a program is, in as many nested levels as it has loops."""

from __future__ import annotations

import threading
import time
from typing import Any, Dict, Iterable, Iterator, Optional, Sized, TypeVar

from . import _plain
from ._channel import channel
from ._values import Json, number, text_of

T = TypeVar("T")

#: A loop says how far it is this often at most, and at its end.
PERIOD_SECS = 0.05


class _Loops(threading.local):
    """How many loops of this thread are being tracked."""

    depth = 0


_loops = _Loops()


def progress(current: Any, total: Any = None, message: str = "", level: int = 0) -> None:
    """Says that ``current`` of ``total`` is done; no total is an unknown one.

    Level 0 is the outermost. Saying a level ends those that are deeper.
    """
    done = number(current, "current")
    of = None if total is None else number(total, "total")
    event: Dict[str, Json] = {
        "type": "progress",
        "current": done,
        "total": of,
        "message": text_of(str(message)),
        "level": level,
    }
    if not channel.say(event):
        _plain.show_progress(done, of, message, level)


def track(iterable: Iterable[T], total: Optional[int] = None, message: str = "") -> Iterator[T]:
    """Yields what ``iterable`` does and says how far that is. A loop within a loop is a level deeper."""
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    level = _loops.depth
    _loops.depth = level + 1
    said_at = float("-inf")
    done = 0
    try:
        for item in iterable:
            now = time.monotonic()
            if now - said_at >= PERIOD_SECS:
                progress(done, total, message, level)
                said_at = now
            yield item
            done += 1
        progress(done, total, message, level)
    finally:
        _loops.depth = level
