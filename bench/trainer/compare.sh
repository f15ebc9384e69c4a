#!/bin/sh
# Compares the built-in trainer with PyTorch on this machine: the same model, batch and
# number of threads, runs of both in turn, medians at the end.
#
#   bench/trainer/compare.sh [--rounds N] [--steps N] [--threads N...]
#
# CUPOLA_BENCH_VENV  folder of the Python environment, made and filled with torch on the
#                    first run (default: ~/.cache/cupola/bench-venv; several gigabytes)
# CUPOLA_BENCH_PIP   further arguments of `pip install`, such as
#                    "--index-url https://download.pytorch.org/whl/cpu"
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=${CUPOLA_BENCH_VENV:-$HOME/.cache/cupola/bench-venv}

if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
    python3 -m venv "$venv"
    # shellcheck disable=SC2086  # several arguments are meant
    "$venv/bin/pip" install --quiet ${CUPOLA_BENCH_PIP:-} torch numpy
fi

cd "$here/../.."
cargo build --quiet --release --package cupola-train --example steps_per_second
exec "$venv/bin/python" "$here/compare.py" "$@"
