"""Lines of the log, with a level and fields."""

from __future__ import annotations

import time
from typing import Any, Dict, Iterable, List, Mapping

from . import _plain
from ._channel import channel
from ._values import Json, number, text_of, to_json

LEVELS = {
    "trace": "debug",
    "debug": "debug",
    "info": "info",
    "warn": "warn",
    "warning": "warn",
    "error": "error",
    "critical": "error",
    "fatal": "error",
}

#: Entries of one line of a batch; a batch of more becomes several lines.
BATCH_MAX = 500


def log(level: str, message: object, /, **fields: Any) -> None:
    """Adds a line to the log. ``level`` is ``debug``, ``info``, ``warn`` or ``error``."""
    send([_entry(level, message, fields, time.time())])


def debug(message: object, /, **fields: Any) -> None:
    """Adds a line of level ``debug``."""
    log("debug", message, **fields)


def info(message: object, /, **fields: Any) -> None:
    """Adds a line of level ``info``."""
    log("info", message, **fields)


def warn(message: object, /, **fields: Any) -> None:
    """Adds a line of level ``warn``."""
    log("warn", message, **fields)


def error(message: object, /, **fields: Any) -> None:
    """Adds a line of level ``error``."""
    log("error", message, **fields)


def log_batch(entries: Iterable[Mapping[str, Any]]) -> None:
    """Adds many lines at once.

    Each entry has a ``message``, and may have a ``level`` (``info`` unless said), ``fields`` and a
    ``time`` in seconds since 1970 (now unless said).
    """
    now = time.time()
    batch: List[Dict[str, Json]] = []
    for entry in entries:
        fields = entry.get("fields") or {}
        read = _entry(entry.get("level", "info"), entry["message"], fields, entry.get("time", now))
        batch.append(read)
        if len(batch) == BATCH_MAX:
            send(batch)
            batch = []
    send(batch)


def send(entries: List[Dict[str, Json]]) -> None:
    """Says or shows entries that are JSON already."""
    if not entries:
        return
    event: Dict[str, Json] = {"type": "log", **entries[0]}
    if len(entries) > 1:
        event = {"type": "logs", "entries": list(entries)}
    if channel.say(event):
        return
    for entry in entries:
        fields = entry.get("fields", {})
        assert isinstance(fields, dict)
        _plain.show_log(str(entry["level"]), str(entry["message"]), fields)


def _entry(level: str, message: object, fields: Mapping[str, Any], at: Any) -> Dict[str, Json]:
    known = LEVELS.get(str(level).lower())
    if known is None:
        raise ValueError(f"`{level}` is no level; say `debug`, `info`, `warn` or `error`")
    entry: Dict[str, Json] = {
        "level": known,
        "message": text_of(str(message)),
        "time": number(at, "time"),
    }
    if fields:
        entry["fields"] = to_json(fields, "fields")
    return entry
