"""Makes a service of an experiment again and serves it until SIGTERM: `-c THIS ASKED ADDRESS`.

ASKED is a file that says what is made: `class`, `state`, `id`, `logs`. Where it answers goes into ADDRESS.
"""

import importlib
import json
import os
import signal
import sys
import threading
from pathlib import Path


def find_class(name, base):
    """Files name it, so nothing but a service is ever made."""
    module, _, last = name.rpartition(".")
    if module == "__main__":
        sys.exit(f"{name} is part of a script: a class can be made again when a module has it")
    try:
        found = getattr(importlib.import_module(module), last)
    except (ImportError, AttributeError, TypeError, ValueError) as problem:
        sys.exit(f"{name} is not found ({problem}): say where its module is by PYTHONPATH")
    if not (isinstance(found, type) and issubclass(found, base)):
        sys.exit(f"{name} is no service of Experimaestro")


def make(asked):
    try:
        from experimaestro.scheduler.services import Service
    except ImportError as problem:
        sys.exit(f"{sys.executable} has no Experimaestro 2 ({problem}): name a Python that has it")
    find_class(asked["class"], Service)
    service = Service.from_state_dict(asked["class"], asked["state"])
    _, _, part = asked["id"].partition("/")
    if part:
        service = service.get_subservice(part)
    service.log_directory = Path(asked["logs"])
    return service


def is_alive(service):
    thread, process = getattr(service, "thread", None), getattr(service, "process", None)
    if process is not None:
        return process.poll() is None
    return thread is None or thread.is_alive()


def address_of(service):
    """Where it answers, once it does."""
    if not hasattr(service, "get_url"):
        sys.exit("it has no address, so it cannot be served")
    problems, print_problem = [], threading.excepthook

    def note(problem):
        problems.append(problem.exc_value)
        print_problem(problem)

    threading.excepthook = note
    url = service.get_url()
    if url:
        return url
    thread = getattr(service, "thread", None)
    if thread is not None:
        thread.join(5)
    why = service.error or (repr(problems[0]) if problems else "it gave no address")
    sys.exit(f"it does not serve: {why}")


def main():
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    service = make(asked)
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_over.set())
    url = address_of(service)
    # Whole or not at all.
    whole = Path(sys.argv[2])
    part = whole.with_suffix(".part")
    part.write_text(f"{url}\n", encoding="utf-8")
    os.replace(part, whole)
    while not is_over.wait(0.5):
        if not is_alive(service):
            sys.exit(str(service.error or "what served it has ended"))
    service.stop()


main()
