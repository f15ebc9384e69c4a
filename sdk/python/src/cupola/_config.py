"""What a program is configured with."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict, List, Mapping, Optional

FLAG = "--config-file"


def config(defaults: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
    """The configuration: ``defaults`` with what the file says over them.

    The file is the one after ``--config-file`` on the command line, else the one in
    ``CUPOLA_CONFIG``. Without either these are the defaults.
    """
    found = dict(defaults or {})
    path = _flag(sys.argv[1:]) or os.environ.get("CUPOLA_CONFIG")
    if path:
        with open(path, encoding="utf-8") as file:
            said = json.load(file)
        if not isinstance(said, dict):
            raise ValueError(f"`{path}` is no configuration: it holds no JSON object")
        found.update(said)
    return found


def _flag(arguments: List[str]) -> Optional[str]:
    for at, argument in enumerate(arguments):
        if argument == FLAG:
            return arguments[at + 1] if at + 1 < len(arguments) else None
        if argument.startswith(FLAG + "="):
            return argument[len(FLAG) + 1 :]
    return None
