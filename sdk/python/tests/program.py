"""Runs a program as Cupola does: with a pipe on descriptor 3 and a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional

SOURCES = str(Path(__file__).resolve().parent.parent / "src")

#: No test takes this long unless something hangs.
TIMEOUT_SECS = 60


@dataclass
class Ended:
    """What a program did."""

    code: int
    events: List[Dict[str, Any]]
    stdout: str
    stderr: str

    def of_type(self, kind: str) -> List[Dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


def run_inside(code: str, files: Optional[Dict[str, str]] = None, is_cancelled: bool = False) -> Ended:
    """Runs ``code`` with a listener on its events descriptor."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (files or {}).items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        cancel_file = Path(folder) / "cancel"
        if is_cancelled:
            cancel_file.touch()
        reading, writing = os.pipe()
        environment = _environment(
            CUPOLA_EVENTS_FD=str(writing),
            CUPOLA_RUN_DIR=folder,
            CUPOLA_CONFIG=str(Path(folder) / "config.json"),
            CUPOLA_CANCEL_FILE=str(cancel_file),
        )
        program = _start(code, environment, folder, keeps=[writing])
        os.close(writing)
        lines: List[bytes] = []

        def listen() -> None:
            with os.fdopen(reading, "rb") as events:
                lines.extend(events)

        listening = threading.Thread(target=listen)
        listening.start()
        stdout, stderr = program.communicate(timeout=TIMEOUT_SECS)
        listening.join(TIMEOUT_SECS)
        return Ended(program.returncode, [json.loads(line) for line in lines], stdout, stderr)


def run_outside(code: str, **variables: str) -> Ended:
    """Runs ``code`` as a person does by hand."""
    with tempfile.TemporaryDirectory() as folder:
        program = _start(code, _environment(**variables), folder, keeps=[])
        stdout, stderr = program.communicate(timeout=TIMEOUT_SECS)
        return Ended(program.returncode, [], stdout, stderr)


def _environment(**own: str) -> Dict[str, str]:
    outer = {key: value for key, value in os.environ.items() if not key.startswith("CUPOLA_")}
    return {**outer, "PYTHONPATH": SOURCES, "PYTHONDONTWRITEBYTECODE": "1", **own}


def _start(
    code: str, environment: Dict[str, str], folder: str, keeps: List[int]
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "import cupola\n" + code],
        env=environment,
        cwd=folder,
        pass_fds=keeps,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
