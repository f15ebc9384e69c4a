"""Times Experimaestro's own reader of a workspace; see compare.sh."""

import time

BEGAN = time.perf_counter()

import pathlib
import statistics
import sys

from experimaestro.scheduler.workspace_state_provider import WorkspaceStateProvider
from experimaestro.version import __version__

IMPORTED = time.perf_counter()


def resident_mb() -> float:
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit("this system does not say how much memory is used")


def everything(provider: WorkspaceStateProvider) -> int:
    provider.get_experiments(refresh=True)
    return len(provider.get_all_jobs(refresh=True))


def main() -> None:
    root, refreshes = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    opened = time.perf_counter()
    provider = WorkspaceStateProvider.get_instance(root, no_cleanup=True)
    jobs = everything(provider)
    read = time.perf_counter()
    resident = resident_mb()
    spans = []
    for _ in range(refreshes):
        began = time.perf_counter()
        everything(provider)
        spans.append(time.perf_counter() - began)
    spans.sort()
    print(f"experimaestro {__version__}, {jobs} jobs")
    print(f"  importing it               {(IMPORTED - BEGAN) * 1e3:8.1f} ms")
    print(f"  all jobs                   {(read - opened) * 1e3:8.1f} ms")
    print(f"  memory then                {resident:8.1f} MB")
    print(
        f"  a refresh, of {refreshes:<3}          {statistics.median(spans) * 1e3:8.1f} ms"
        f"  ({spans[0] * 1e3:.1f} – {spans[-1] * 1e3:.1f})"
    )
    # It has threads that wait for more.
    sys.stdout.flush()
    import os

    os._exit(0)


if __name__ == "__main__":
    main()
