#!/bin/sh
# Reads the same workspace with this program and with Experimaestro's own reader, one after the
# other. This program's figures are cold where the page cache may be dropped, and say so;
# Experimaestro's are warm, and without what importing it takes.
#
#   bench/experimaestro/compare.sh [JOBS] [RUNS]
#
# CUPOLA             the program (default: target/release/cupola)
# CUPOLA_BENCH_VENV  folder of the Python environment, made on the first run
#                    (default: ~/.cache/cupola/bench-venv)
# CUPOLA_BENCH_DIR   where the workspace is made for a while (default: /tmp)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=${CUPOLA_BENCH_VENV:-$HOME/.cache/cupola/bench-venv}
cupola=${CUPOLA:-$here/../../target/release/cupola}
jobs=${1:-200}
runs=${2:-7}

if ! "$venv/bin/python" -c 'import experimaestro' 2>/dev/null; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet experimaestro==2.7.0
fi
folder=$(mktemp -d "${CUPOLA_BENCH_DIR:-/tmp}/cupola-experimaestro-XXXXXX")
trap 'rm -rf "$folder"' EXIT INT TERM

"$cupola" bench workspace --tasks "$jobs" --file "$folder/ws" --runs "$runs"
"$venv/bin/python" "$here/watch.py" "$folder/ws" "$runs"
