#!/bin/sh
# The library offers what the header says, under one version, and nothing else.
# symbols_test.sh LIBRARY HEADER
set -eu

nm -D --defined-only --with-symbol-versions "$1" | awk '$2 != "A" { print $3 }' | sort \
    > "$TEST_TMPDIR/offered"
tr '\n' ' ' < "$2" | grep -o 'JF_API[^;]*;' | grep -o '\bjf_[a-z_]*(' | tr -d '(' | sort -u |
    sed 's/$/@@JACKFIELD_1/' > "$TEST_TMPDIR/said"

echo "< the library offers, > the header says:"
diff "$TEST_TMPDIR/offered" "$TEST_TMPDIR/said"
[ "$(wc -l < "$TEST_TMPDIR/said")" -ge 40 ]

soname=$(readelf -d "$1" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
[ "$soname" = libjackfield.so.1 ]
