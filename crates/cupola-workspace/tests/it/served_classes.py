"""Services of experiments in a module, so that they can be made again."""

import functools
import http.server
import sys
import threading
from pathlib import Path

from experimaestro.scheduler.services import ProcessWebService, Service, WebService


class Pages(WebService):
    """Serves a folder from a thread."""

    id = "pages"

    def __init__(self, folder: Path, part: str = "", log_directory=None):
        super().__init__(log_directory=log_directory)
        self.folder = folder
        if part:
            self.id = part

    def description(self):
        return "Pages of a folder"

    def state_dict(self):
        return {"folder": self.folder}

    def _serve(self, running: threading.Event):
        handler = functools.partial(
            http.server.SimpleHTTPRequestHandler, directory=str(self.folder)
        )
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://localhost:{server.server_port}"
        running.set()
        while not self.should_stop():
            threading.Event().wait(0.05)
        server.shutdown()


class Program(ProcessWebService):
    """Serves a folder by a program."""

    id = "program"

    def __init__(self, folder: Path, log_directory=None):
        super().__init__(log_directory=log_directory)
        self.folder = folder

    def state_dict(self):
        return {"folder": self.folder}

    def _build_command(self):
        script = Path(__file__).parent / "small_server.py"
        return [sys.executable, str(script), str(self.folder), "--print"]

    def _wait_for_ready(self):
        while True:
            text = self.stdout.read_text() if self.stdout.exists() else ""
            if " ." in text:
                return text.split()[3]
            threading.Event().wait(0.05)


class Both(Service):
    """Has parts that are started by themselves."""

    id = "both"

    def __init__(self, folder: Path, log_directory=None):
        super().__init__(log_directory=log_directory)
        self.folder = folder
        self._parts = [Pages(folder, "left"), Pages(folder, "right")]

    def state_dict(self):
        return {"folder": self.folder}

    def subservices(self):
        return self._parts


class Broken(WebService):
    """Cannot serve."""

    id = "broken"

    def state_dict(self):
        return {}

    def _serve(self, running: threading.Event):
        raise ValueError("nothing to serve")
