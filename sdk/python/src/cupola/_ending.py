"""How a program ends: with its return, with a reason, or as it was asked to."""

from __future__ import annotations

import contextlib
import sys
import traceback
from typing import Callable, Dict, Iterator, NoReturn, TypeVar

from . import _plain
from ._cancel import Cancelled
from ._channel import channel
from ._values import Json, text_of

T = TypeVar("T")

MESSAGE_CHARS_MAX = 1_000
TRACE_CHARS_MAX = 60_000


def fail(message: object) -> NoReturn:
    """Ends the program as a failed run with this reason."""
    if not _tell(str(message), ""):
        _plain.show(f"failed: {message}", sys.stderr)
    raise SystemExit(1)


def run(main: Callable[[], T]) -> T:
    """Calls ``main`` within :func:`guard` and returns what it does."""
    with guard():
        return main()


@contextlib.contextmanager
def guard() -> Iterator[None]:
    """Makes an exception a failed run with its trace and an exit with 1; makes :class:`Cancelled`
    an exit with 0."""
    try:
        yield
    except Cancelled:
        raise SystemExit(0) from None
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            fail(leaving.code)
        raise
    except Exception as error:
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        if not _tell(_message(error), trace):
            _plain.show(trace.rstrip("\n"), sys.stderr)
        raise SystemExit(1) from None


def _tell(message: str, trace: str) -> bool:
    # What the program printed so far comes first.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    event: Dict[str, Json] = {
        "type": "failed",
        "message": text_of(_cut(message, MESSAGE_CHARS_MAX)),
        "trace": text_of(_cut(trace, TRACE_CHARS_MAX)),
    }
    return channel.say(event)


def _message(error: Exception) -> str:
    """``ValueError: x``; an exception that cannot be shown still has a name."""
    lines = traceback.format_exception_only(type(error), error)
    return lines[-1].strip() if isinstance(error, SyntaxError) else "".join(lines).strip()


def _cut(text: str, chars_max: int) -> str:
    if len(text) <= chars_max:
        return text
    half = chars_max // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
