"""Says how many bytes a point takes in MLflow's database.

    size.py URL DATABASE
"""

import json
import os
import sys
import urllib.request

POINTS = 100_000


def ask(url: str, call: str, body: dict) -> dict:
    request = urllib.request.Request(
        f"{url}/api/2.0/mlflow/{call}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def main() -> None:
    url, database = sys.argv[1:]
    experiment = ask(url, "experiments/create", {"name": "size"})["experiment_id"]
    run = ask(url, "runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    before = os.path.getsize(database)
    for first in range(0, POINTS, 1000):
        points = [
            {"key": "loss", "value": 0.5 + 4 / (1 + step / 20_000), "timestamp": 1_795_000_000_000 + 2 * step, "step": step}
            for step in range(first, first + 1000)
        ]
        ask(url, "runs/log-batch", {"run_id": run, "metrics": points})
    grown = os.path.getsize(database) - before
    print(f"MLflow's bytes a point on disk: {grown / POINTS:.1f}")


main()
