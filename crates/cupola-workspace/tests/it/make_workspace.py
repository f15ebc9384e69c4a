"""Makes workspaces with the real Experimaestro: `make_workspace.py FOLDER SCENARIO`.

Scenarios: `grid` (tags, dependencies, an action), `failing`, `live` (progress on several levels and a
service, until the file `go` appears in FOLDER), `waiting` (one job for another, until then), and `served`
(services of a module).
"""

import os
import sys
import threading
import time
from pathlib import Path

from experimaestro import Action, Config, Param, Task, experiment, progress, tag
from experimaestro.scheduler.services import WebService


class Model(Config):
    """A part that several jobs share."""

    depth: Param[int]
    name: Param[str]


class Prepare(Task):
    """Something that others need."""

    source: Param[str]

    def execute(self):
        print("prepared", self.source)


class Learn(Task):
    """One point of a grid."""

    data: Param[Prepare]
    model: Param[Model]
    lr: Param[float]
    seed: Param[int]

    def execute(self):
        for step in range(3):
            progress((step + 1) / 3, desc="epoch")
            print("step", step, flush=True)
        print("a word to stderr", file=sys.stderr)


class Fail(Task):
    """Ends badly."""

    data: Param[Prepare]

    def execute(self):
        raise ValueError("this one fails")


class Patient(Task):
    """Tells how far it is, then waits for a file."""

    go: Param[Path]
    word: Param[str]

    def execute(self):
        progress(0.25, level=0, desc="epoch 1 of 4")
        progress(0.5, level=1, desc="batch 5 of 10")
        print("waiting", os.getpid(), flush=True)
        # A test that failed takes its folder away, and nobody else ends this.
        while not self.go.exists() and self.go.parent.exists():
            time.sleep(0.02)


class After(Task):
    """Needs one that takes its time."""

    patient: Param[Patient]
    model: Param[Model]

    def execute(self):
        pass


class Board(WebService):
    """A service beside the jobs."""

    id = "board"

    def description(self):
        return "A board"

    def state_dict(self):
        return {"path": Path("/somewhere/runs")}

    def _serve(self, running: threading.Event):
        self.url = "http://127.0.0.1:6006"
        running.set()
        while not self.should_stop():
            time.sleep(0.05)


class Export(Action):
    """Something to do with the results."""

    def describe(self):
        return "Exports the results"

    def execute(self, xp, interaction):
        pass


def grid(folder: Path):
    with experiment(folder, "grid") as xp:
        xp.setenv("PYTHONPATH", str(Path(__file__).parent))
        data = Prepare.C(source="words").submit()
        model = Model.C(depth=3, name="small")
        for lr in (0.01, 0.1):
            for seed in (1, 2):
                Learn.C(data=data, model=model, lr=tag(lr), seed=tag(seed)).submit()
        xp.add_action(Export.C())


def failing(folder: Path):
    with experiment(folder, "failing") as xp:
        xp.setenv("PYTHONPATH", str(Path(__file__).parent))
        data = Prepare.C(source="bad").submit()
        Fail.C(data=data).submit()


def live(folder: Path):
    with experiment(folder, "live") as xp:
        xp.setenv("PYTHONPATH", str(Path(__file__).parent))
        Patient.C(go=folder / "go", word=tag("hello")).submit()
        board = xp.add_service(Board())
        board.get_url()
        print("SERVING", flush=True)
        xp.wait()
        board.stop()


def served(folder: Path):
    from served_classes import Both, Broken, Pages, Program

    with experiment(folder, "served") as xp:
        xp.setenv("PYTHONPATH", str(Path(__file__).parent))
        for service in (Pages(folder / "shown"), Program(folder / "shown"), Broken(), Board()):
            xp.add_service(service)
        xp.add_service(Both(folder / "shown"))
        Prepare.C(source="words").submit()


def waiting(folder: Path):
    with experiment(folder, "waiting") as xp:
        xp.setenv("PYTHONPATH", str(Path(__file__).parent))
        patient = Patient.C(go=folder / "go", word="before").submit()
        After.C(patient=patient, model=Model.C(depth=2, name="large")).submit()


def main():
    folder, scenario = Path(sys.argv[1]), sys.argv[2]
    try:
        scenarios = (grid, failing, live, waiting, served)
        next(made for made in scenarios if made.__name__ == scenario)(folder)
    except Exception as problem:  # a failed job fails its experiment
        print("ended with", type(problem).__name__, flush=True)


if __name__ == "__main__":
    main()
