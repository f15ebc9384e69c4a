#!/bin/sh
# Compresses a text with gzip at several levels and says how small and how quick.
#
# Everything is kept in the run's folder, which is where a program starts.
set -eu
config=$1

# The value of a key of the configuration, which is one JSON object; `$2` if it is not there.
value() {
    found=$(tr -d '\n' < "$config" | sed -n "s/.*\"$1\"[ ]*:[ ]*\"\{0,1\}\([^\",}]*\).*/\1/p")
    echo "${found:-$2}"
}

# One JSON object on the descriptor for events, if there is one.
say() {
    if [ -n "${CUPOLA_EVENTS_FD:-}" ]; then
        eval "echo \"\$1\" >&$CUPOLA_EVENTS_FD"
    fi
}

# Milliseconds. Where the date has no fractions of a second, whole seconds have to do.
now() {
    at=$(date +%s%3N)
    case $at in
    *N) echo "$(date +%s)000" ;;
    *) echo "$at" ;;
    esac
}

is_cancelled() {
    [ -n "${CUPOLA_CANCEL_FILE:-}" ] && [ -e "$CUPOLA_CANCEL_FILE" ]
}

kilobytes=$(value kilobytes 256)
words=$(value words 100)
seed=$(value seed 0)
levels=$(value levels "1 5 9")
for level in $levels; do
    case $level in
    [1-9]) ;;
    *) echo "level $level is not from 1 to 9" >&2 && exit 2 ;;
    esac
done
say '{"type":"cancellable"}'

awk -v bytes=$((kilobytes * 1024)) -v words="$words" -v seed="$seed" 'BEGIN {
    srand(seed)
    while (written < bytes) {
        word = "w" int(rand() * words) (++column % 12 ? " " : "\n")
        printf "%s", word
        written += length(word)
    }
}' > text
size=$(wc -c < text)
echo "made $size bytes of text"

total=$(echo "$levels" | wc -w)
step=0
best=0
for level in $levels; do
    if is_cancelled; then
        echo "stopped after $step levels because somebody asked"
        exit 0
    fi
    started=$(now)
    gzip -c "-$level" text > "text.$level.gz"
    took=$(($(now) - started))
    small=$(wc -c < "text.$level.gz")
    ratio=$(awk -v a="$size" -v b="$small" 'BEGIN { printf "%.4f", a / b }')
    best=$(awk -v a="$best" -v b="$ratio" 'BEGIN { print (b > a) ? b : a }')
    step=$((step + 1))
    echo "level $level: $small bytes, $ratio times smaller, $took ms"
    say "{\"type\":\"metrics\",\"step\":$level,\"values\":{\"ratio\":$ratio,\"millis\":$took}}"
    say "{\"type\":\"progress\",\"current\":$step,\"total\":$total,\"message\":\"level $level\"}"
    say "{\"type\":\"result\",\"key\":\"level_$level\",\"value\":{\"bytes\":$small,\"millis\":$took}}"
done
echo "{\"ratio_best\": $best, \"bytes\": $size}"
