"""The standard library's logging, carried on."""

from __future__ import annotations

import logging
from typing import Dict

from ._logs import send
from ._values import Json, text_of, to_json

#: What every record has; the rest was given as ``extra``.
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogHandler(logging.Handler):
    """Sends records with their level, their ``extra`` and their exception.

    ``logging.basicConfig(level=logging.INFO, handlers=[cupola.LogHandler()])``
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record. Never raises: see ``logging.raiseExceptions``."""
        try:
            send([_entry(record)])
        except Exception:
            self.handleError(record)


def _entry(record: logging.LogRecord) -> Dict[str, Json]:
    fields: Dict[str, Json] = {}
    if record.name != "root":
        fields["logger"] = text_of(record.name)
    for key, value in vars(record).items():
        if key not in STANDARD:
            fields[text_of(key)] = _field(value, key)
    if record.exc_info and record.exc_info[0] is not None:
        fields["exception"] = text_of(logging.Formatter().formatException(record.exc_info))
    elif record.exc_text:
        fields["exception"] = text_of(record.exc_text)
    if record.stack_info:
        fields["stack"] = text_of(record.stack_info)
    entry: Dict[str, Json] = {
        "level": _level(record.levelno),
        "message": text_of(record.getMessage()),
        "time": record.created,
    }
    if fields:
        entry["fields"] = fields
    return entry


def _field(value: object, key: str) -> Json:
    """A line of a log is worth more than the exact form of a field."""
    try:
        return to_json(value, key)
    except TypeError:
        return text_of(repr(value))


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"
