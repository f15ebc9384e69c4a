# Runs a PostgreSQL server for as long as any test process holds a shared lock on the file `users`.
#
# $1: the folder of the server's files   $2: the folder of its programs
#
# The system gives a lock back however its holder ends, so a killed test leaves nothing behind.
# Whoever starts a server, and this script when it stops one, holds `start`: they never overlap.
set -u
cd "$1" || exit 1
"$2/postgres" -D data -k "$1" -c listen_addresses= \
    -c fsync=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 \
    -c shared_buffers=32MB -c max_connections=400 -c autovacuum=off >log 2>&1 &
server=$!

exec 8<>start 9<>users
while kill -0 "$server" 2>/dev/null; do
    flock -x 9
    flock -u 9
    sleep 1
    flock -x 8
    if flock -n -x 9; then
        kill -INT "$server"
        wait "$server"
        exit 0
    fi
    flock -u 8
done
