"""Values of a program as values of JSON, without loss where JSON allows it."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any, Dict, List, Union

Json = Union[None, bool, int, float, str, List["Json"], Dict[str, "Json"]]

#: A value may be nested this deeply.
DEPTH_MAX = 120

#: Integers from here on, and their negatives, lose digits on the way: they travel as text.
INTEGER_END = 1 << 63


def to_json(value: Any, where: str, depth: int = 0) -> Json:
    """``value`` as JSON has it. ``where`` names it when it cannot be said: a ``TypeError``.

    NaN and the infinities become the words ``NaN``, ``Infinity`` and ``-Infinity``. What has
    ``tolist()`` or ``item()``, as the arrays and scalars of numpy and torch have, is asked for it.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, int):
        return int(value) if -INTEGER_END <= value < INTEGER_END else _digits(value, where)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else word_of(value)
    if depth >= DEPTH_MAX:
        raise TypeError(f"`{where}` is nested deeper than {DEPTH_MAX} levels")
    if isinstance(value, Mapping):
        return {
            _key(key, where): to_json(one, f"{where}.{key}", depth + 1)
            for key, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [to_json(one, f"{where}[{at}]", depth + 1) for at, one in enumerate(value)]
    if isinstance(value, os.PathLike):
        return text_of(os.fsdecode(value))
    return _of_scalar_or_array(value, where, depth)


def number(value: Any, where: str) -> Union[int, float, str]:
    """``value`` as a number, or as the word for one that JSON lacks."""
    plain = to_json(value, where)
    if isinstance(plain, (int, float)) or plain in ("NaN", "Infinity", "-Infinity"):
        assert not isinstance(plain, (list, dict)) and plain is not None
        return plain
    raise TypeError(f"`{where}` is {_a(value)}; say a number")


def word_of(value: float) -> str:
    """The word for a double that JSON lacks."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def text_of(text: str) -> str:
    """``text`` with what UTF-8 cannot say, halves of surrogate pairs, replaced by U+FFFD."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return str(text)


def _of_scalar_or_array(value: Any, where: str, depth: int) -> Json:
    for method in ("tolist", "item"):
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            plain = convert()
            # A long double gives itself.
            if type(plain) is not type(value):
                return to_json(plain, where, depth)
            return to_json(float(plain), where, depth)
    raise TypeError(f"`{where}` is {_a(value)}, which JSON does not have")


def _key(key: Any, where: str) -> str:
    if isinstance(key, str):
        return text_of(key)
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(key)
    raise TypeError(f"`{where}` has a key that is {_a(key)}; say a text")


def _digits(value: int, where: str) -> str:
    try:
        return str(value)
    except ValueError as error:
        raise TypeError(f"`{where}` is an integer with too many digits: {error}") from None


def _a(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"
