"""What a program can tell Cupola: logs, progress, metrics, results, artifacts.

    import cupola

    def main() -> None:
        config = cupola.config({"epochs": 10})
        for epoch in cupola.track(range(config["epochs"]), message="training"):
            cupola.raise_if_cancelled()
            cupola.metric("loss", train(epoch), step=epoch)
        cupola.result("loss", 0.5)

    cupola.run(main)

Run by Cupola, each call writes one line of JSON to the descriptor in ``CUPOLA_EVENTS_FD``. Run by
hand, the same calls print readable lines. Everything may be called from any thread and after a fork.
"""

from ._cancel import Cancelled, cancelled, raise_if_cancelled
from ._config import config
from ._ending import fail, guard, run
from ._handler import LogHandler
from ._logs import debug, error, info, log, log_batch, warn
from ._progress import progress, track
from ._results import artifact, metric, metrics, result

__all__ = [
    "Cancelled",
    "LogHandler",
    "artifact",
    "cancelled",
    "config",
    "debug",
    "error",
    "fail",
    "guard",
    "info",
    "log",
    "log_batch",
    "metric",
    "metrics",
    "progress",
    "raise_if_cancelled",
    "result",
    "run",
    "track",
    "warn",
]
