#!/bin/sh
# Reads the same event file with this program and with TensorBoard's data server (written in Rust,
# from the PyPI package tensorboard-data-server), in turn, and prints the medians.
#
#   bench/events/compare.sh [ROUNDS]
#
# CUPOLA             the program (default: target/release/cupola, built if it is not there)
# CUPOLA_BENCH_VENV  folder of the Python environment, made on the first run
#                    (default: ~/.cache/cupola/bench-venv)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=${CUPOLA_BENCH_VENV:-$HOME/.cache/cupola/bench-venv}
cupola=${CUPOLA:-$here/../../target/release/cupola}

if ! "$venv/bin/python" -c 'import tensorboard_data_server' 2>/dev/null; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet tensorboard-data-server
fi
if [ ! -x "$cupola" ]; then
    (cd "$here/../.." && cargo build --quiet --release)
fi
exec "$venv/bin/python" "$here/compare.py" "$cupola" "${1:-7}"
