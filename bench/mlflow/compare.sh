#!/bin/sh
# Measures ingestion and search beside MLflow's own server, each moments after the other.
#
#   bench/mlflow/compare.sh VENV [RUNS]
#
# VENV is a Python environment with mlflow; its server gets a fresh SQLite database, of which it is
# filled with a tenth of the runs that the hub is searched with. CUPOLA names another program than the
# release build.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$1
runs=${2:-5}
cupola=${CUPOLA:-$here/../../target/release/cupola}
port=${PORT:-5057}
folder=$(mktemp -d "${CUPOLA_BENCH_DIR:-/tmp}/cupola-mlflow-XXXXXX")
database=$folder/mlflow.db

"$venv/bin/mlflow" --version
"$cupola" --version
"$venv/bin/mlflow" server --backend-store-uri "sqlite:///$database" --host 127.0.0.1 --port "$port" \
    --default-artifact-root "$folder/artifacts" >"$folder/server.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true; rm -rf "$folder"' EXIT INT TERM
until "$venv/bin/python" -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$port/health')" 2>/dev/null; do
    kill -0 $server || { cat "$folder/server.log"; exit 1; }
    sleep 0.5
done

"$cupola" bench ingest size --runs "$runs" --mlflow "http://127.0.0.1:$port"
"$venv/bin/python" "$here/size.py" "http://127.0.0.1:$port" "$database"
"$venv/bin/python" "$here/fill.py" "$database" 10000
"$cupola" bench search --runs "$runs" --mlflow "http://127.0.0.1:$port"
# The server works in several processes; what they hold together.
pids=$(pgrep -g "$(ps -o pgid= $server | tr -d ' ')" -f "mlflow" || true)
echo "memory of MLflow's processes, MiB:"
for pid in $pids; do awk '/VmRSS/ { print $2 / 1024 }' "/proc/$pid/status" 2>/dev/null || true; done
