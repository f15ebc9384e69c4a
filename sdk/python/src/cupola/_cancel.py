"""Stopping when somebody asks."""

from __future__ import annotations

import os

from ._channel import channel


class Cancelled(BaseException):
    """Somebody cancelled the run. Not an ``Exception``, so that a loop which tries again passes it on."""


class _Said:
    is_cancellable = False


def cancelled() -> bool:
    """Whether somebody asked this run to stop.

    A program that calls this is given time to stop by itself before it is terminated.
    """
    if not _Said.is_cancellable:
        _Said.is_cancellable = True
        channel.say({"type": "cancellable"})
    path = os.environ.get("CUPOLA_CANCEL_FILE")
    return bool(path) and os.path.exists(str(path))


def raise_if_cancelled() -> None:
    """Raises :class:`Cancelled` if somebody asked this run to stop."""
    if cancelled():
        raise Cancelled("the run was cancelled")
