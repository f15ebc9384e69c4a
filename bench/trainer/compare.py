"""Runs the built-in trainer and PyTorch in turn and prints medians and ratios.

Called by `compare.sh`, with the Python that has torch. Interleaving lets both see the same
disturbances of a shared machine; processor seconds per step hardly see them at all.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target"))
# The size of the generated text's vocabulary.
VOCAB = "40"

PROGRAMS = {
    "cupola": [str(TARGET / "release/examples/steps_per_second")],
    "pytorch": [sys.executable, str(HERE / "pytorch_char_lm.py"), "--vocab", VOCAB],
    "pytorch fused": [
        sys.executable, str(HERE / "pytorch_char_lm.py"), "--vocab", VOCAB, "--fused",
    ],
}


def measure(command, threads, steps):
    command = [*command, "--threads", str(threads), "--steps", str(steps)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 1])
    args = parser.parse_args()
    results = {}
    for round_number in range(args.rounds):
        for threads in args.threads:
            for name, command in PROGRAMS.items():
                result = measure(command, threads, args.steps)
                results.setdefault((threads, name), []).append(result)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
        print(f"round {round_number + 1} of {args.rounds}, load {load:.1f}", file=sys.stderr)
    params = {name: results[args.threads[0], name][0]["params"] for name in PROGRAMS}
    print(f"parameters: {params}")
    print(f"{'threads':>7}  {'program':<14} {'steps/s':>8} {'best':>7} {'CPU s/step':>11}")
    for threads in args.threads:
        medians = {}
        for name in PROGRAMS:
            runs = results[threads, name]
            speeds = [run["steps_per_second"] for run in runs]
            processor = statistics.median(run["cpu_seconds_per_step"] for run in runs)
            medians[name] = statistics.median(speeds), max(speeds), processor
            speed, best, processor = medians[name]
            print(f"{threads:>7}  {name:<14} {speed:>8.2f} {best:>7.2f} {processor:>11.4f}")
        ours = medians["cupola"]
        theirs = [max(medians[n][i] for n in PROGRAMS if n != "cupola") for i in (0, 1)]
        cheapest = min(medians[n][2] for n in PROGRAMS if n != "cupola")
        print(
            f"{threads:>7}  ratio to the faster PyTorch: median {ours[0] / theirs[0]:.2f}, "
            f"best {ours[1] / theirs[1]:.2f}, processor time {cheapest / ours[2]:.2f}"
        )


if __name__ == "__main__":
    main()
