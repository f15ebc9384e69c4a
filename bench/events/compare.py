"""Times both readers on one file of 1,000,000 scalars; see compare.sh."""

import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import tensorboard_data_server

SCALARS = 1_000_000


def ours(cupola: str, file: pathlib.Path) -> float:
    """Scalars a second."""
    command = [cupola, "bench", "events", "--file", file, "--runs", "1", "--json"]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return figures[0]["runs"][0]


def theirs(folder: str, *options: str) -> float:
    """Scalars a second, by the server's own word on how long it loaded."""
    command = [tensorboard_data_server.server_binary(), "--logdir", folder, "--port", "0"]
    command += ["--reload", "once", "-vv", *options]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        for line in server.stderr:
            took = re.search(r"Finished load cycle \(([\d.]+)(ms|s|µs)\)", line)
            if took:
                unit = {"s": 1.0, "ms": 1e-3, "µs": 1e-6}[took[2]]
                return SCALARS / (float(took[1]) * unit)
        raise SystemExit("the data server said nothing of its load cycle")
    finally:
        server.kill()
        server.wait()


def main() -> None:
    cupola, rounds = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "events.out.tfevents.1700000000.bench"
        ours(cupola, file)
        readers = {
            "cupola, checksums": lambda: ours(cupola, file),
            "data server, checksums": lambda: theirs(folder, "--checksum"),
            "data server, no checksums": lambda: theirs(folder),
        }
        rates = {name: [] for name in readers}
        for _ in range(rounds):
            for name, read in readers.items():
                rates[name].append(read())
    version = tensorboard_data_server.__version__
    print(f"{SCALARS:,} scalars in one file, {rounds} rounds, tensorboard-data-server {version}")
    for name, runs in rates.items():
        runs = sorted(runs)
        print(
            f"{name:26} {statistics.median(runs):>12,.0f} scalars/s"
            f"  ({runs[0]:,.0f} – {runs[-1]:,.0f})"
        )


if __name__ == "__main__":
    main()
