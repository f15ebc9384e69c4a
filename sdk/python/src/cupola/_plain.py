"""What is shown where nobody listens: a person's terminal."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from typing import Dict, Mapping, Optional, TextIO, Tuple

from ._values import Json

#: Progress and metrics of one kind are shown this often at most.
PERIOD_SECS = 1.0

SHOWN_CHARS_MAX = 200

_shown_at: Dict[Tuple[str, ...], float] = {}


def show(line: str, stream: Optional[TextIO] = None) -> None:
    """Prints a line; a stream that is closed takes none."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=stream or sys.stdout, flush=True)


def show_log(level: str, message: str, fields: Mapping[str, Json]) -> None:
    """``warn: slow  ms=3``"""
    prefix = "" if level == "info" else f"{level}: "
    pairs = "".join(f"  {key}={short(value)}" for key, value in fields.items())
    show(f"{prefix}{message}{pairs}")


def show_progress(current: Json, total: Json, message: str, level: int) -> None:
    """``epoch 3/10 30%``, not too often, but always the end."""
    is_end = total is not None and current == total
    if not is_end and not _is_due(("progress", str(level))):
        return
    share = ""
    if isinstance(current, (int, float)) and isinstance(total, (int, float)) and total > 0:
        share = f" {100 * current / total:.0f}%"
    of = "" if total is None else f"/{total}"
    name = f"{message} " if message else ""
    show(f"{'  ' * level}{name}{current}{of}{share}")


def show_metrics(step: int, values: Mapping[str, Json]) -> None:
    """``step 3  loss 0.5``, not too often."""
    if _is_due(("metrics", *values)):
        pairs = "".join(f"  {name} {short(value)}" for name, value in values.items())
        show(f"step {step}{pairs}")


def short(value: Json) -> str:
    """A value on one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "…"


def _is_due(kind: Tuple[str, ...]) -> bool:
    now = time.monotonic()
    is_due = now - _shown_at.get(kind, float("-inf")) >= PERIOD_SECS
    if is_due:
        _shown_at[kind] = now
    return is_due
