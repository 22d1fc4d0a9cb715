#!/bin/bash
# The C ABI is the one that is written down: no function has gone, no type has changed. What is new
# is said, and is no fault.
#
#   abi_test.sh DEFINITIONS HEADER RECORDED          the test
#   abi_test.sh DEFINITIONS HEADER RECORDED write    writes down what there is now
#
# abidw and abidiff are libabigail's.
set -eu
definitions=$1 header=$2 recorded=$3
for tool in abidw abidiff; do
    command -v $tool >/dev/null || { echo "skipped: there is no $tool (abigail-tools)"; exit 0; }
done
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# library OF_HEADER → its path
library() {
    local place=$directory/$2
    mkdir "$place"
    cp "$1" "$place/jackfield.h"
    python3 "$definitions" "$place/jackfield.h" >"$place/definitions.c"
    "${CC:-cc}" -g -fPIC -shared -Wl,-soname,libjackfield.so.1 -I "$place" \
        -o "$place/libjackfield.so.1" "$place/definitions.c"
}

library "$header" now
if [ "${4-}" = write ]; then
    abidw --no-show-locs --no-comp-dir-path --no-corpus-path --type-id-style hash \
        "$directory/now/libjackfield.so.1" >"$recorded"
    exit
fi

# Bits 4 and 8: changed, and incompatible.
code=0
abidiff "$recorded" "$directory/now/libjackfield.so.1" || code=$?
if [ $code != 0 ] && ! abidiff --no-added-syms "$recorded" "$directory/now/libjackfield.so.1" \
    >/dev/null; then
    echo "FAILED: programs that were built before would break; see above."
    echo "Before the first release write it down anew (bindings/c/README.md); after it, do not."
    exit 1
fi
[ $code = 0 ] || echo "There is more than was written down: do it (bindings/c/README.md)."

# The other side: a change is seen.
sed 's/^  int32_t peer_pid;/  int64_t peer_pid;/' "$header" >"$directory/changed.h"
cmp -s "$header" "$directory/changed.h" && { echo "FAILED: nothing was changed"; exit 1; }
library "$directory/changed.h" changed
if abidiff "$recorded" "$directory/changed/libjackfield.so.1" >/dev/null; then
    echo "FAILED: a field that became larger was not seen"
    exit 1
fi
