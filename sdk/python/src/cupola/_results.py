"""What a program measures, gives and leaves behind."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Mapping, Optional, Union

from . import _plain
from ._channel import channel
from ._values import Json, number, text_of, to_json


def metric(name: str, value: Any, step: Any) -> None:
    """Adds a point to the series ``name``."""
    metrics({name: value}, step)


def metrics(values: Mapping[str, Any], step: Any) -> None:
    """Adds a point to each of these series, measured at one step."""
    measured: Dict[str, Json] = {
        text_of(str(name)): number(value, str(name)) for name, value in values.items()
    }
    at = number(step, "step")
    if isinstance(at, str) or int(at) != at:
        raise TypeError(f"`step` is {step}; say a whole number")
    event: Dict[str, Json] = {
        "type": "metrics",
        "step": int(at),
        "values": measured,
        "time": time.time(),
    }
    if not channel.say(event):
        _plain.show_metrics(int(at), measured)


def result(key: str, value: Any) -> None:
    """Keeps ``value`` as a result of the run; a later one of this key replaces it.

    A result has at most 4 MiB as JSON. What is larger is an artifact.
    """
    if not isinstance(key, str) or not key:
        raise TypeError(f"the key of a result is {key!r}; say a text")
    plain = to_json(value, key)
    if not channel.say({"type": "result", "key": text_of(key), "value": plain}):
        _plain.show(f"result {key} = {_plain.short(plain)}")


def artifact(path: Union[str, os.PathLike[str]], name: Optional[str] = None) -> None:
    """Keeps a file, or all files of a folder, under ``name``: its path below the run's folder
    unless said."""
    given = os.fsdecode(path)
    if not os.path.exists(given):
        raise FileNotFoundError(f"there is no `{given}` to be kept as an artifact")
    event: Dict[str, Json] = {"type": "artifact", "path": text_of(_below_run_folder(given))}
    if name is not None:
        event["name"] = text_of(name)
    if not channel.say(event):
        _plain.show(f"artifact {name or given}: {given}")


def _below_run_folder(path: str) -> str:
    folder = os.environ.get("CUPOLA_RUN_DIR")
    if not folder:
        return path
    inside = os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    return os.path.abspath(path) if inside.startswith(os.pardir) else inside
