#!/bin/sh
# Bazel 4 has no Python without a network: python3 of the system.
# run.sh LIBRARY TEST.py ARGUMENT…
set -eu
JACKFIELD_LIBRARY=$PWD/$1
test=$2
shift 2
if nm -D "$JACKFIELD_LIBRARY" | grep -q ' U __[at]san_init'; then
    echo "skipped: python3 has no sanitizer, which the library needs"
    exit 0
fi
export JACKFIELD_LIBRARY PYTHONPATH="$PWD/bindings/python" PYTHONDONTWRITEBYTECODE=1
exec python3 -W error::ResourceWarning "$test" "$@"
