"""Fills MLflow's database with runs, as its server would: 10 parameters and 10 metrics each.

    fill.py DATABASE RUNS

The rows are written at once, because writing them through the server would take an hour.
"""

import random
import sqlite3
import sys
import uuid

NAME = "filled"
WORDS = ["adam", "sgd", "lion", "adafactor"]
START = 1_795_000_000_000


def params(number: int) -> dict[str, str]:
    return {
        "lr": repr(random.random()),
        "optimizer": WORDS[number % 4],
        "depth": str(number % 12),
        "width": str(number % 100),
        "group": str(number % 1000),
        "dropout": repr(random.random()),
        "batch_size": str(16 << number % 4),
        "dataset": f"dataset-{number % 50}",
        "name": f"run-{number}",
        "seed": str(number),
    }


def fill(database: sqlite3.Connection, count: int) -> None:
    columns = {row[1] for row in database.execute("PRAGMA table_info(experiments)")}
    experiment = {"name": NAME, "artifact_location": "file:///tmp/filled", "lifecycle_stage": "active",
                  "creation_time": START, "last_update_time": START, "workspace": "default"}
    experiment = {key: value for key, value in experiment.items() if key in columns}
    names = ", ".join(experiment)
    holes = ", ".join("?" * len(experiment))
    made = database.execute(f"INSERT INTO experiments ({names}) VALUES ({holes})", list(experiment.values()))
    for number in range(count):
        run = uuid.uuid4().hex
        database.execute(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status,"
            " start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
            " VALUES (?, ?, 'UNKNOWN', '', '', 'bench', 'FINISHED', ?, ?, '', 'active', ?, ?)",
            (run, f"run-{number}", START + number, START + number + 1, f"file:///tmp/{run}", made.lastrowid),
        )
        rows = [(key, value, run) for key, value in params(number).items()]
        database.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", rows)
        rows = [(f"metric-{n}", random.random(), START, 1, 0, run) for n in range(10)]
        for table in ("metrics", "latest_metrics"):
            database.executemany(
                f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )


def main() -> None:
    random.seed(1)
    with sqlite3.connect(sys.argv[1], timeout=60) as database:
        fill(database, int(sys.argv[2]))


main()
