#!/bin/sh
# Counts. Put your own program in its place; it starts in the run's folder, where it may write.
set -eu

# The configuration is one JSON object in the file that is the first argument.
count=$(tr -d '\n' < "$1" | sed 's/.*"count"[ ]*:[ ]*\([0-9]*\).*/\1/')
echo "counting to $count"

# What is said on this descriptor, one JSON object a line, shows at once on the run's page.
say() {
    if [ -n "${CUPOLA_EVENTS_FD:-}" ]; then
        eval "echo \"\$1\" >&$CUPOLA_EVENTS_FD"
    fi
}

started=$(date +%s)
at=0
while [ "$at" -lt "$count" ]; do
    at=$((at + 1))
    if [ $((at % 1000)) -eq 0 ]; then
        say "{\"type\":\"progress\",\"current\":$at,\"total\":$count}"
    fi
done

# The last line is the result; it holds the objective.
echo "{\"seconds\": $(($(date +%s) - started)), \"counted\": $at}"
