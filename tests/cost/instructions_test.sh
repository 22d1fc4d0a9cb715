#!/bin/bash
# A call costs no more instructions than are written down in instructions.tsv, give or take 3 %.
#
# How: callgrind counts `calls` with 200 and with 1,200 calls; the difference is 1,000 calls. Both
# ends are counted together. Counts do not depend on how busy the machine is, but on the compiler: a
# build that has no line of its own in the table is not judged.
#
#   instructions_test.sh CALLS TABLE
set -u
calls=$1 table=$2 rise_percent_max=3 failed=0 judged=0

command -v valgrind >/dev/null || { echo "no valgrind here: nothing was measured"; exit 1; }
build=$($calls --build)
[ "$build" != plain ] || { echo "skipped: not an optimised build"; exit 0; }

count() {  # [--watched ]ADDRESS CALLS PAYLOAD_BYTES
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$calls" $1 "${@:2}" 2>&1 |
        sed -n 's/.*Collected : //p'
}

while IFS=$'\t' read -r of address payload_bytes recorded; do
    case $of in '#'* | '') continue ;; esac
    [ "$of" = "$build" ] || continue
    few=$(count "$address" 200 "$payload_bytes") many=$(count "$address" 1200 "$payload_bytes")
    if [ -z "$few" ] || [ -z "$many" ]; then
        echo "FAILED $address: the calls did not end well"; failed=1; continue
    fi
    now=$(((many - few) / 1000))
    echo "$address, $payload_bytes bytes: $now instructions a call ($build; recorded: $recorded)"
    judged=$((judged + 1))
    if [ $((now * 100)) -gt $((recorded * (100 + rise_percent_max))) ]; then
        echo "FAILED: over $recorded by more than $rise_percent_max %. Find out where" \
            "(valgrind --tool=callgrind $address), or write the new figure into" \
            "tests/cost/instructions.tsv and say in the commit what it buys."
        failed=1
    fi
done <"$table"
[ $judged -gt 0 ] || echo "nothing was judged: instructions.tsv has no line for a build by $build"
exit $failed
