#!/bin/sh
# run.sh X.test.js [JACKFIELD GREET LIBRARY]
set -eu
if ! command -v node > /dev/null; then
    echo "skipped: there is no node here (third_party/packages-ci.txt)"
    exit 0
fi
test=$1
if [ $# -gt 1 ]; then
    export JACKFIELD="$PWD/$2" GREET="$PWD/$3"
    export PYTHONPATH="$PWD/bindings/python" PYTHONDONTWRITEBYTECODE=1
    # python3 has no sanitizer, which an instrumented library needs: without Python then.
    nm -D "$PWD/$4" | grep -q ' U __[at]san_init' || export JACKFIELD_LIBRARY="$PWD/$4"
fi
exec node --preserve-symlinks --preserve-symlinks-main "$test"
